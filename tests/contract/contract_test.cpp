#include "contract_test.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "skips.hpp"

namespace contract {
namespace {

/// One world runs in several engines.
std::string engineOfThisRun() {
  const char* const engine = std::getenv("TIDEWIRE_TEST_ENGINE");
  return engine != nullptr ? engine : std::string(world().name());
}

/// The column of the matrix; the npm package has one for all engines.
std::string column() {
  return world().name() == "npm" ? "npm" : engineOfThisRun();
}

/// A skip names a world, a transport or an engine; what an engine does, it does in its workers too.
bool concerns(const Skip& skip, std::string_view test) {
  const std::string engine = engineOfThisRun();
  return skip.test == test && (skip.where == world().name() || skip.where == world().transport() ||
                               skip.where == engine || std::string(skip.where) + "-worker" == engine);
}

/// Prints one line for each test that ran or was skipped; the matrix of all transports is made of these lines.
class MatrixReporter : public doctest::IReporter {
 public:
  explicit MatrixReporter(const doctest::ContextOptions&) {}

  void test_case_start(const doctest::TestCaseData& test) override { name_ = test.m_name; }
  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    const char* outcome = stats.failure_flags != 0 ? "failed" : skipped ? "skipped" : "passed";
    std::printf("contract\t%s\t%s\t%s\n", column().c_str(), outcome, name_.c_str());
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
    if (concerns(skip, test)) {
      std::printf("skipped: %s: %s\n", std::string(test).c_str(), std::string(skip.reason).c_str());
      MatrixReporter::skipped = true;
      return false;
    }
  }
  world().reset();
  return true;
}

}  // namespace contract
