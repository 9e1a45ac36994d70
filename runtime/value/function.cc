#include "runtime/value/function.h"

#include <algorithm>
#include <array>
#include <optional>

#include "runtime/value/civil_time.h"
#include "runtime/value/decimal.h"
#include "runtime/value/fold.h"
#include "runtime/value/json_member.h"
#include "runtime/value/json_walk.h"
#include "runtime/value/mail_text.h"
#include "runtime/value/predicate.h"
#include "runtime/value/shell_words.h"
#include "runtime/value/sql_verbs.h"
#include "runtime/value/text_list.h"
#include "runtime/value/url_text.h"
#include "runtime/value/utf8.h"

namespace policy {

namespace {

// -- results -------------------------------------------------------------------------------------

Value NumberOf(std::size_t number) {
  Decimal decimal{static_cast<std::int64_t>(number), 0};
  while (decimal.coefficient != 0 && decimal.coefficient % 10 == 0) {
    decimal.coefficient /= 10;
    ++decimal.exponent;
  }
  return Value::MakeNumber(decimal);
}

Value NumberOr(std::optional<Decimal> number) {
  return number ? Value::MakeNumber(*number) : Value::MakeBroken();
}

// A copy of `text` in lower case; the text itself where it is so already.
Value LowerOf(std::string_view text, TextRoom& room) {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (std::ranges::none_of(text, is_upper)) return Value::MakeString(text);
  char* const copy = room.Reserve(text.size());
  if (copy == nullptr) return Value::MakeBroken();
  std::ranges::transform(text, copy, [is_upper](char c) {
    return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return Value::MakeString({copy, text.size()});
}

// -- functions of one text -----------------------------------------------------------------------

Value Lower(std::string_view text, TextRoom& room) {
  for (std::string_view rest = text; !rest.empty();) {
    if (static_cast<unsigned char>(rest.front()) < 0x80) {
      rest.remove_prefix(1);
      continue;
    }
    const std::size_t size = Utf8SequenceSize(rest);
    if (size == 0 || HasCase(DecodeUtf8(rest.substr(0, size)))) return Value::MakeBroken();
    rest.remove_prefix(size);
  }
  return LowerOf(text, room);
}

Value Domain(std::string_view address, TextRoom& room) {
  const auto domain = MailDomain(address);
  return domain ? LowerOf(*domain, room) : Value::MakeBroken();
}

Value Host(const Url& url, TextRoom& room) {
  const std::string_view host = url.host.text();
  char* const copy = room.Reserve(host.size());
  if (copy == nullptr) return Value::MakeBroken();
  std::ranges::copy(host, copy);
  return Value::MakeString({copy, host.size()});
}

Value OfUrl(Function function, std::string_view text, TextRoom& room) {
  const auto url = ReadUrl(text);
  if (!url) return Value::MakeBroken();
  if (function == Function::Host) return Host(*url, room);
  if (function == Function::Port) return NumberOf(url->port);
  return Value::MakeString(url->is_https ? "https" : "http");
}

Value Words(std::string_view command, TextRoom& room) {
  return IsPlainCommand(command) ? MakeTextList(WordWalk(command), room) : Value::MakeBroken();
}

Value SqlVerbList(std::string_view sql, TextRoom& room) {
  const auto verbs = ReadSqlVerbs(sql);
  return verbs ? MakeTextList(SqlVerbWalk(*verbs), room) : Value::MakeBroken();
}

Value OfText(Function function, const Value& value, TextRoom& room) {
  if (value.kind != ValueKind::String || value.length > kPatternSubjectBytesMax)
    return Value::MakeBroken();
  switch (function) {
    case Function::Lower:
      return Lower(value.text(), room);
    case Function::Domain:
      return Domain(value.text(), room);
    case Function::Words:
      return Words(value.text(), room);
    case Function::SqlVerbs:
      return SqlVerbList(value.text(), room);
    default:
      return OfUrl(function, value.text(), room);
  }
}

// -- functions of two texts ----------------------------------------------------------------------

// The zone is not looked at where the text has an offset.
Value Time(std::string_view text, std::string_view zone_name) {
  if (const auto instant_ns = ParseInstant(text)) return Value::MakeTime(*instant_ns);
  const auto zone = Zone::Find(zone_name);
  if (!zone) return Value::MakeBroken();
  const auto instant_ns = ParseLocalTime(text, *zone);
  return instant_ns ? Value::MakeTime(*instant_ns) : Value::MakeBroken();
}

Value WithText(Function function, const Value& first, const Value& second, TextRoom& room) {
  if (second.kind != ValueKind::String || second.length > kPatternSubjectBytesMax)
    return Value::MakeBroken();
  if (function == Function::Join) {
    return first.kind == ValueKind::List ? JoinTexts(first.text(), second.text(), room)
                                         : Value::MakeBroken();
  }
  if (first.kind != ValueKind::String || first.length > kPatternSubjectBytesMax)
    return Value::MakeBroken();
  if (function == Function::Time) return Time(first.text(), second.text());
  if (second.length == 0) return Value::MakeBroken();
  return MakeTextList(SplitWalk(first.text(), second.text()), room);
}

// -- lists and records ---------------------------------------------------------------------------

Value Length(const Value& value) {
  switch (value.kind) {
    case ValueKind::String:
      return NumberOf(CountCodePoints(value.text()));
    case ValueKind::List:
    case ValueKind::Record:
      return NumberOf(CountElements(value.text(), value.length));
    default:
      return Value::MakeBroken();
  }
}

Value Element(const Value& list, const Value& index, TextRoom& room) {
  if (list.kind != ValueKind::List || index.kind != ValueKind::Number) return Value::MakeBroken();
  const auto number = ToScaledInteger(index.number(), 0);
  if (!number || *number < 0) return Value::MakeBroken();
  std::int64_t at = 0;
  ListWalk walk(list.text());
  for (std::string_view element; walk.Next(element); ++at) {
    if (at == *number) return ReadJsonValue(element, list.boolean, room);
  }
  return Value::MakeBroken();
}

// -- arithmetic ----------------------------------------------------------------------------------

// A Time or a Duration of so many nanoseconds.
Value Nanoseconds(ValueKind kind, std::int64_t nanoseconds) {
  return kind == ValueKind::Time ? Value::MakeTime(nanoseconds) : Value::MakeDuration(nanoseconds);
}

bool IsTemporal(ValueKind kind) { return kind == ValueKind::Time || kind == ValueKind::Duration; }

Value AddValues(const Value& first, const Value& second) {
  if (first.kind == ValueKind::Number && second.kind == ValueKind::Number) {
    return NumberOr(Add(first.number(), second.number()));
  }
  if (!IsTemporal(first.kind) || second.kind != ValueKind::Duration) return Value::MakeBroken();
  std::int64_t sum = 0;
  if (__builtin_add_overflow(first.coefficient, second.coefficient, &sum))
    return Value::MakeBroken();
  return Nanoseconds(first.kind, sum);
}

Value SubtractValues(const Value& first, const Value& second) {
  if (first.kind == ValueKind::Number && second.kind == ValueKind::Number) {
    return NumberOr(Subtract(first.number(), second.number()));
  }
  const bool is_between_times = first.kind == ValueKind::Time && second.kind == ValueKind::Time;
  const bool is_shift = IsTemporal(first.kind) && second.kind == ValueKind::Duration;
  if (!is_between_times && !is_shift) return Value::MakeBroken();
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(first.coefficient, second.coefficient, &difference))
    return Value::MakeBroken();
  return Nanoseconds(is_between_times ? ValueKind::Duration : first.kind, difference);
}

// Two numbers; a duration and a whole number, in either order.
Value MultiplyValues(const Value& first, const Value& second) {
  if (second.kind == ValueKind::Duration && first.kind == ValueKind::Number) {
    return MultiplyValues(second, first);
  }
  if (second.kind != ValueKind::Number) return Value::MakeBroken();
  if (first.kind == ValueKind::Number) return NumberOr(Multiply(first.number(), second.number()));
  if (first.kind != ValueKind::Duration) return Value::MakeBroken();
  const auto factor = ToScaledInteger(second.number(), 0);
  std::int64_t product = 0;
  if (!factor || __builtin_mul_overflow(first.coefficient, *factor, &product))
    return Value::MakeBroken();
  return Value::MakeDuration(product);
}

struct FunctionRow {
  std::string_view text;
  int operands;
};

constexpr FunctionRow kFunctions[] = {
#define FUNCTION(name, text, operands) {text, operands},
#include "runtime/value/functions.def"
#undef FUNCTION
};

}  // namespace

std::string_view NameOf(Function function) {
  return kFunctions[static_cast<std::size_t>(function)].text;
}

int OperandCountOf(Function function) {
  return kFunctions[static_cast<std::size_t>(function)].operands;
}

Value ReadJsonValue(std::string_view raw, bool numbers_exact, TextRoom& room) {
  Value value = Value::MakeString(raw);
  switch (raw.front()) {
    case '"':
      return ReadJsonString(raw, room);
    case '[':
    case '{':
      value.kind = raw.front() == '[' ? ValueKind::List : ValueKind::Record;
      value.boolean = numbers_exact;
      return value;
    case 't':
    case 'f':
      return Value::MakeBool(raw.front() == 't');
    case 'n':
      value = Value{};
      value.kind = ValueKind::Null;
      return value;
    default:
      break;
  }
  value.kind = ValueKind::InexactNumber;
  const auto number = ParseDecimal(raw);
  if (!number || (!numbers_exact && !SurvivesBinary64(raw))) return value;
  value.kind = ValueKind::Number;
  value.coefficient = number->coefficient;
  value.exponent = number->exponent;
  return value;
}

Value ApplyFunction(Function function, const Value& first, const Value& second, TextRoom& room) {
  switch (function) {
    case Function::Member:
      if (second.kind != ValueKind::String) return Value::MakeBroken();
      return FindMember(first, second.text(), room);
    case Function::OrElse:
      return first.kind == ValueKind::Absent ? second : first;
    case Function::Length:
      return Length(first);
    case Function::Lower:
    case Function::Domain:
    case Function::Host:
    case Function::Scheme:
    case Function::Port:
    case Function::Words:
    case Function::SqlVerbs:
      return OfText(function, first, room);
    case Function::Split:
    case Function::Join:
    case Function::Time:
      return WithText(function, first, second, room);
    case Function::Add:
      return AddValues(first, second);
    case Function::Subtract:
      return SubtractValues(first, second);
    case Function::Multiply:
      return MultiplyValues(first, second);
    case Function::Element:
      return Element(first, second, room);
  }
  return Value::MakeBroken();
}

}  // namespace policy
