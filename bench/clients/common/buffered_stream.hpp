#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <cstring>
#include <vector>

namespace bench {

/// A stream with large buffers both ways: what is written waits until the buffer is full, or until reading has to wait
/// for the peer. This is what "coalesced by hand" means for a synchronous library.
template <class Next>
class BufferedStream {
 public:
  using executor_type = typename Next::executor_type;
  using next_layer_type = Next;

  template <class... Args>
  explicit BufferedStream(Args&&... args) : next_(std::forward<Args>(args)...) {
    in_.resize(kBytes);
    out_.reserve(kBytes * 2);
  }

  executor_type get_executor() { return next_.get_executor(); }
  Next& next_layer() { return next_; }

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, boost::system::error_code& error) {
    error = {};
    if (begin_ == end_) {
      flush(error);
      if (error) {
        return 0;
      }
      // A large read needs no copy.
      if (boost::asio::buffer_size(buffers) >= kBytes) {
        return next_.read_some(buffers, error);
      }
      begin_ = 0;
      end_ = next_.read_some(boost::asio::buffer(in_), error);
    }
    const std::size_t count =
        boost::asio::buffer_copy(buffers, boost::asio::buffer(in_.data() + begin_, end_ - begin_));
    begin_ += count;
    return count;
  }
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    boost::system::error_code error;
    const std::size_t count = read_some(buffers, error);
    check(error);
    return count;
  }

  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, boost::system::error_code& error) {
    error = {};
    std::size_t count = 0;
    for (const auto buffer : boost::beast::buffers_range_ref(buffers)) {
      const auto* data = static_cast<const char*>(buffer.data());
      out_.insert(out_.end(), data, data + buffer.size());
      count += buffer.size();
    }
    if (out_.size() >= kBytes) {
      flush(error);
    }
    return count;
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers) {
    boost::system::error_code error;
    const std::size_t count = write_some(buffers, error);
    check(error);
    return count;
  }

  void flush(boost::system::error_code& error) {
    if (!out_.empty()) {
      boost::asio::write(next_, boost::asio::buffer(out_), error);
      out_.clear();
    }
  }

 private:
  static constexpr std::size_t kBytes = 128 * 1024;

  static void check(const boost::system::error_code& error) {
    if (error) {
      throw boost::system::system_error(error);
    }
  }

  Next next_;
  std::vector<char> in_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::vector<char> out_;
};

/// The end of a connection, which Beast calls by name look-up.
template <class Next>
void teardown(boost::beast::role_type role, BufferedStream<Next>& stream, boost::system::error_code& error) {
  stream.flush(error);
  using boost::beast::websocket::teardown;
  teardown(role, stream.next_layer(), error);
}

}  // namespace bench
