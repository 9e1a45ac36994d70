#include "runtime/gateway/decision_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "runtime/gateway/json_text.h"
#include "runtime/value/json_walk.h"

namespace policy::gateway {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
// Keys beyond these are not named: the line says how many the call had.
constexpr std::size_t kLoggedKeysMax = 64;

std::string SystemError(std::string_view what, const std::string& path) {
  return std::string(what) + " `" + path + "`: " + std::strerror(errno);
}

// The keys of a record as they were sent: raw JSON strings of a message that was read strictly.
void AppendKeys(std::string& out, std::string_view record) {
  out.push_back('[');
  std::size_t count = 0;
  RecordWalk walk(record);
  for (std::string_view key, value; walk.Next(key, value) && count < kLoggedKeysMax; ++count) {
    if (count != 0) out.push_back(',');
    out.append(key);
  }
  out.push_back(']');
}

void AppendRules(std::string& out, const LogEntry& entry) {
  out.push_back('[');
  if (entry.taken != nullptr) {
    for (std::size_t i = 0; i < entry.taken->rules.size(); ++i) {
      if (i != 0) out.push_back(',');
      AppendJsonString(out, entry.program->rule(entry.taken->rules[i]).id);
    }
  }
  out.push_back(']');
}

}  // namespace

std::expected<DecisionLog, std::string> DecisionLog::Open(LogOptions options) {
  const int file = ::open(options.path.c_str(),
                          O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
  if (file < 0) return std::unexpected(SystemError("cannot open the decision log", options.path));
  DecisionLog log(std::move(options), file);
  struct stat status{};
  if (::fstat(file, &status) != 0) {
    return std::unexpected(SystemError("cannot open the decision log", log.options_.path));
  }
  if (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode)) {
    return std::unexpected("the decision log `" + log.options_.path + "` is not a regular file");
  }
  if (S_ISREG(status.st_mode) && (status.st_mode & 077) != 0 && ::fchmod(file, 0600) != 0) {
    return std::unexpected(
        SystemError("cannot keep others from the decision log", log.options_.path));
  }
  return log;
}

std::string LogIdentity(const LogSpeakers& speakers) {
  std::string identity = R"(,"server":)";
  AppendJsonString(identity, speakers.server);
  identity += R"(,"session":)";
  AppendJsonString(identity, speakers.session);
  identity += R"(,"grant":)";
  AppendJsonString(identity, speakers.grant);
  return identity;
}

DecisionLog::DecisionLog(LogOptions options, int file)
    : options_(std::move(options)), file_(file) {}

DecisionLog::DecisionLog(DecisionLog&& other) noexcept
    : options_(std::move(other.options_)),
      file_(std::exchange(other.file_, -1)),
      buffer_(std::move(other.buffer_)),
      failure_(std::move(other.failure_)) {}

DecisionLog::~DecisionLog() {
  if (file_ < 0) return;
  Flush();
  ::close(file_);
}

void DecisionLog::Append(const LogEntry& entry) {
  if (buffer_.size() > kLogBufferBytesMax) return;
  const std::int64_t second = entry.now_ns / kNanosecondsPerSecond;
  if (second != shown_second_) {
    shown_second_ = second;
    const std::time_t time = second;
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    std::array<char, 32> text;
    second_text_.assign(text.data(),
                        std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.", &parts));
  }
  const auto milliseconds = static_cast<int>(entry.now_ns % kNanosecondsPerSecond / 1'000'000);
  buffer_ += R"({"time":")";
  buffer_ += second_text_;
  buffer_.push_back(static_cast<char>('0' + milliseconds / 100));
  buffer_.push_back(static_cast<char>('0' + milliseconds / 10 % 10));
  buffer_.push_back(static_cast<char>('0' + milliseconds % 10));
  buffer_ += "Z\"";
  buffer_ += entry.identity;
  buffer_ += R"(,"method":)";
  AppendJsonString(buffer_, entry.method);
  buffer_ += R"(,"tool":)";
  if (entry.tool.empty()) {
    buffer_ += "null";
  } else {
    AppendJsonString(buffer_, entry.tool);
  }
  buffer_ += R"(,"arg_keys":)";
  if (entry.arguments.empty()) {
    buffer_ += "[]";
  } else {
    AppendKeys(buffer_, entry.arguments);
    if (options_.logs_argument_values) {
      buffer_ += R"(,"arguments":)";
      buffer_ += entry.arguments;
    }
  }
  buffer_ += R"(,"decision":")";
  buffer_ += entry.decision;
  buffer_ += R"(","rules":)";
  AppendRules(buffer_, entry);
  if (entry.taken != nullptr && entry.taken->is_uncounted) buffer_ += R"(,"uncounted":true)";
  if (entry.is_observed) buffer_ += R"(,"observed":true)";
  if (!entry.reason.empty()) {
    buffer_ += R"(,"reason":)";
    AppendJsonString(buffer_, entry.reason);
  }
  buffer_ += R"(,"policy":")";
  buffer_ += entry.policy;
  buffer_ += R"(","latency_us":)";
  AppendJsonNumber(buffer_, entry.latency_ns / 1'000);
  buffer_ += "}\n";
}

bool DecisionLog::Flush() {
  std::size_t written = 0;
  while (written < buffer_.size()) {
    const ssize_t result = ::write(file_, buffer_.data() + written, buffer_.size() - written);
    if (result < 0 && errno == EINTR) continue;
    if (result <= 0) {
      failure_ = SystemError("cannot write the decision log", options_.path);
      buffer_.erase(0, written);
      return false;
    }
    written += static_cast<std::size_t>(result);
  }
  buffer_.clear();
  failure_.clear();
  return true;
}

}  // namespace policy::gateway
