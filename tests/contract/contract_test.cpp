#include "contract_test.hpp"

#include <cstdio>
#include <string>

#include "skips.hpp"

namespace contract {
namespace {

/// Prints one line for each test that ran or was skipped; the matrix of all transports is made of these lines.
class MatrixReporter : public doctest::IReporter {
 public:
  explicit MatrixReporter(const doctest::ContextOptions&) {}

  void test_case_start(const doctest::TestCaseData& test) override { name_ = test.m_name; }
  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    const char* outcome = stats.failure_flags != 0 ? "failed" : skipped ? "skipped" : "passed";
    std::printf("contract\t%s\t%s\t%s\n", std::string(world().name()).c_str(), outcome, name_.c_str());
    std::fflush(stdout);
    skipped = false;
  }

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}

  static inline bool skipped = false;

 private:
  std::string name_;
};

REGISTER_LISTENER("matrix", 1, MatrixReporter);

}  // namespace

bool begins(std::string_view test) {
  for (const Skip& skip : kSkips) {
    if (skip.transport == world().name() && skip.test == test) {
      std::printf("skipped: %s: %s\n", std::string(test).c_str(), std::string(skip.reason).c_str());
      MatrixReporter::skipped = true;
      return false;
    }
  }
  world().reset();
  return true;
}

}  // namespace contract
