#include "runtime/vm/cause.h"

#include <fmt/core.h>

namespace policy {
namespace {

// What a predicate takes, and why it may still say nothing of a value that is of that kind.
struct Taken {
  bool text = false;
  bool number = false;
  bool boolean = false;
  bool list = false;
  bool time = false;
  bool duration = false;
  std::string_view wanted;
  std::string_view otherwise = "is too long to be looked at";
};

Taken TakenBy(Predicate predicate) {
  switch (predicate) {
    case Predicate::EqualNumber:
    case Predicate::InNumbers:
    case Predicate::LessNumber:
    case Predicate::LessOrEqualNumber:
    case Predicate::GreaterNumber:
    case Predicate::GreaterOrEqualNumber:
      return {.number = true, .wanted = "a number"};
    case Predicate::EqualBool:
    case Predicate::InBools:
      return {.boolean = true, .wanted = "true or false"};
    case Predicate::EqualTime:
    case Predicate::LessTime:
    case Predicate::LessOrEqualTime:
    case Predicate::GreaterTime:
    case Predicate::GreaterOrEqualTime:
      return {.time = true, .wanted = "a time"};
    case Predicate::EqualDuration:
    case Predicate::LessDuration:
    case Predicate::LessOrEqualDuration:
    case Predicate::GreaterDuration:
    case Predicate::GreaterOrEqualDuration:
      return {.duration = true, .wanted = "a length of time"};
    case Predicate::ContainsString:
      return {.text = true,
              .list = true,
              .wanted = "text or a list",
              .otherwise = "is too long or holds values of another kind"};
    case Predicate::ContainsNumber:
    case Predicate::ContainsBool:
      return {.list = true,
              .wanted = "a list",
              .otherwise = "is too long or holds values of another kind"};
    case Predicate::Under:
      return {.text = true,
              .wanted = "text",
              .otherwise = "is not an absolute path with only one reading"};
    case Predicate::HostIn:
      return {.text = true,
              .wanted = "text",
              .otherwise = "is not an http or https URL with only one reading"};
    default:
      return {.text = true, .wanted = "text"};
  }
}

std::string_view KindText(ValueKind kind) {
  switch (kind) {
    case ValueKind::Bool:
      return "a bool";
    case ValueKind::Number:
    case ValueKind::InexactNumber:
      return "a number";
    case ValueKind::String:
      return "text";
    case ValueKind::List:
      return "a list";
    case ValueKind::Record:
      return "a record";
    case ValueKind::Time:
      return "a time";
    case ValueKind::Duration:
      return "a length of time";
    default:
      return "nothing";
  }
}

bool Takes(const Taken& taken, ValueKind kind) {
  switch (kind) {
    case ValueKind::String:
      return taken.text;
    case ValueKind::Number:
      return taken.number;
    case ValueKind::Bool:
      return taken.boolean;
    case ValueKind::List:
      return taken.list;
    case ValueKind::Time:
      return taken.time;
    case ValueKind::Duration:
      return taken.duration;
    default:
      return false;
  }
}

}  // namespace

void AppendMistype(const Value& value, std::string_view wanted, std::string& text) {
  switch (value.kind) {
    case ValueKind::Absent:
      text += " is missing";
      return;
    case ValueKind::Broken:
      text += " cannot be reached: what stands above it is no record, or too short a list";
      return;
    case ValueKind::Null:
      text.append(" is null, not ").append(wanted);
      return;
    case ValueKind::InexactNumber:
      text += " is a number that servers may read as another";
      return;
    default:
      text.append(" is ").append(KindText(value.kind)).append(", not ").append(wanted);
  }
}

void AppendUnknown(Predicate predicate, const Value& value, std::string& text) {
  const Taken taken = TakenBy(predicate);
  if (!Takes(taken, value.kind)) return AppendMistype(value, taken.wanted, text);
  text.append(" ").append(taken.otherwise);
}

std::string CauseOfMistype(std::string_view path, const Value& value, std::string_view wanted) {
  std::string cause = fmt::format("`{}`", path);
  AppendMistype(value, wanted, cause);
  return cause;
}

}  // namespace policy
