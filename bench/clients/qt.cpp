// Qt 6's QWebSocket.

#include <QCoreApplication>
#include <QFile>
#include <QSslConfiguration>
#include <QWebSocket>
#include <memory>
#include <vector>

#include "common/course.hpp"

namespace bench {
namespace {

constexpr qint64 kQueueBytes = 1024 * 1024;
constexpr quint64 kFrameBytes = 64 * 1024 * 1024;

std::unique_ptr<QWebSocket> openSocket(const Settings& settings) {
  auto socket = std::make_unique<QWebSocket>();
  if (settings.scenario != "idle") {
    socket->setOutgoingFrameSize(kFrameBytes);
  }
  if (settings.isTls()) {
    QSslConfiguration tls = QSslConfiguration::defaultConfiguration();
    tls.setCaCertificates(QSslCertificate::fromPath(QString::fromStdString(settings.ca)));
    socket->setSslConfiguration(tls);
  }
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
  const auto failed = &QWebSocket::errorOccurred;
#else
  const auto failed = QOverload<QAbstractSocket::SocketError>::of(&QWebSocket::error);
#endif
  QObject::connect(socket.get(), failed, [socket = socket.get()](QAbstractSocket::SocketError error) {
    if (error != QAbstractSocket::RemoteHostClosedError) {
      fail(socket->errorString().toStdString());
    }
  });
  socket->open(QUrl(QString::fromStdString(settings.url)));
  return socket;
}

/// One course on one socket.
class Run {
 public:
  explicit Run(const Settings& settings)
      : settings_(settings),
        course_(settings),
        text_(QString::fromStdString(course_.payload())),
        bytes_(QByteArray::fromStdString(course_.payload())),
        socket_(openSocket(settings)) {
    QWebSocket* socket = socket_.get();
    QObject::connect(socket, &QWebSocket::connected, [this] {
      course_.opened();
      send();
    });
    QObject::connect(socket, &QWebSocket::textMessageReceived, [this](const QString& text) { received(text.size()); });
    QObject::connect(socket, &QWebSocket::binaryMessageReceived,
                     [this](const QByteArray& bytes) { received(bytes.size()); });
    QObject::connect(socket, &QWebSocket::bytesWritten, [this] { send(); });
  }

  void print() { course_.printResult(); }

 private:
  void received(qsizetype size) {
    course_.received(static_cast<std::size_t>(size));
    if (course_.finished()) {
      QCoreApplication::quit();
    } else {
      send();
    }
  }

  void send() {
    while (socket_->bytesToWrite() < kQueueBytes && course_.takeOne()) {
      if (settings_.text) {
        socket_->sendTextMessage(text_);
      } else {
        socket_->sendBinaryMessage(bytes_);
      }
    }
  }

  const Settings settings_;
  Course course_;
  const QString text_;
  const QByteArray bytes_;
  std::unique_ptr<QWebSocket> socket_;
};

/// Opens connections one after another; closes each again, or keeps all.
class Rounds {
 public:
  Rounds(const Settings& settings, bool keeps)
      : settings_(settings), keeps_(keeps), count_(keeps ? settings.connections : settings.messages) {}

  void begin() {
    if (done_ == 1) {
      before_ = residentBytes();
      meter_.start();
    } else if (done_ == count_ + 1) {
      meter_.stop();
      QCoreApplication::quit();
      return;
    }
    sockets_.push_back(openSocket(settings_));
    QWebSocket* socket = sockets_.back().get();
    const auto next = [this] {
      ++done_;
      begin();
    };
    if (keeps_) {
      QObject::connect(socket, &QWebSocket::connected, socket, next, Qt::QueuedConnection);
      return;
    }
    QObject::connect(socket, &QWebSocket::connected, [socket] { socket->close(); });
    QObject::connect(
        socket, &QWebSocket::disconnected, QCoreApplication::instance(),
        [this, next] {
          sockets_.clear();
          next();
        },
        Qt::QueuedConnection);
  }

  void print() {
    std::map<std::string, double> values;
    if (keeps_) {
      values["bytes"] = static_cast<double>(residentBytes() - before_) / static_cast<double>(count_);
      values["threads"] = static_cast<double>(threadCount());
    }
    bench::print(count_, meter_, std::move(values));
  }

 private:
  const Settings settings_;
  const bool keeps_;
  const std::size_t count_;
  std::vector<std::unique_ptr<QWebSocket>> sockets_;
  std::size_t done_ = 0;
  std::size_t before_ = 0;
  Meter meter_;
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  const bench::Settings settings = bench::readSettings(argc, argv);
  QCoreApplication application(argc, argv);
  if (settings.scenario == "connect" || settings.scenario == "idle") {
    bench::Rounds rounds(settings, settings.scenario == "idle");
    rounds.begin();
    QCoreApplication::exec();
    rounds.print();
  } else {
    bench::Run run(settings);
    QCoreApplication::exec();
    run.print();
  }
}
