#include "tests/differential/value_generator.h"

#include <vector>

namespace differential {
namespace {

using reference::Json;

const std::vector<std::string> kNumbers = {
    "0",    "-0",   "1",   "2",    "-1",   "3.5",  "100",
    "99",   "99.5", "1e2", "0.1",  "500",  "12",   "10",
    "1E+1", "1e-9", "7",   "0.25", "1e18", "-5e3", "999999999999999",
    "-0.0", "0e5",  "4",   "5",    "6"};

// Legal JSON that no condition may use.
const std::vector<std::string> kInexact = {"9007199254740993",
                                           "99.9999999999999999",
                                           "1e400",
                                           "1e19",
                                           "1e-19",
                                           "123456789012345678901234567890",
                                           "-1e-400",
                                           "0.1000000000000000055511151231257827",
                                           "1000000000000000000000",
                                           "1.0000000000000000001"};

const std::vector<std::string> kStrings = {"",
                                           "a",
                                           "A",
                                           "ab",
                                           "aab",
                                           "cab",
                                           "abc",
                                           "b",
                                           "main",
                                           "agent/x",
                                           "xö",
                                           "12",
                                           "1",
                                           "true",
                                           "null",
                                           "\xF0\x9F\x98\x80",
                                           "größe",
                                           "a\nc",
                                           "a\"b",
                                           "back\\",
                                           ".env",
                                           "x.pem",
                                           "x@example.com",
                                           "a,b",
                                           "/srv/app/x",
                                           "https://example.com/",
                                           "e\xCC\x81",
                                           "\x7F",
                                           "tab\t"};

const std::vector<std::string> kPathEndings = {
    "",     "/",      "/x",   "/x/../y", "/..",  "/../etc",   "/./x",   "//x",
    "x",    "/$HOME", "/~",   "/%2e%2e", "\\x",  "/a/../../", "/größe", "/.env",
    "/x\n", "/C:/x",  "/a:b", "/.../x",  "/x/.", "/%"};

const std::vector<std::string> kUrls = {"https://HOST",
                                        "https://HOST/",
                                        "http://HOST/a?b#c",
                                        "HTTPS://HOST/x",
                                        "https://sub.HOST/x",
                                        "https://xHOST/",
                                        "https://HOST.evil.org",
                                        "https://HOST:443/",
                                        "https://HOST:99999/",
                                        "https://u@HOST/",
                                        "https://u:p@HOST/",
                                        "https://HOST\\@evil.org/",
                                        "ftp://HOST/",
                                        "//HOST/",
                                        "HOST",
                                        "https:/HOST/",
                                        "https:///HOST/",
                                        " https://HOST/",
                                        "https://HOST /",
                                        "https://HOST%2e/",
                                        "https://evil.org/HOST",
                                        "https://evil.org?HOST",
                                        "https://evil.org#HOST",
                                        "https://a.b.HOST/",
                                        "https://HOST/\nx",
                                        "https://größe.org/",
                                        "javascript:HOST",
                                        "https://",
                                        "https://HOST?x",
                                        "https://HOST#x",
                                        "https://HOST@evil.org",
                                        "https://-HOST/",
                                        "https://HOST..org/",
                                        "https://HOST:80a/",
                                        "http://127.1/",
                                        "http://0x7f.0.0.1/",
                                        "http://127.0.0.1/",
                                        "http://[::1]/",
                                        "http://2130706433/"};

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  if (const std::size_t at = text.find(from); at != std::string::npos)
    text.replace(at, from.size(), to);
  return text;
}

Json AimAtSet(const Json& set, Random& random) {
  if (set.items.empty()) return AnyValue(random);
  return AimAt("eq", random.Pick(set.items), random);
}

Json AimAtOrder(const Json& operand, Random& random) {
  if (random.Chance(40)) return Json::Number(Respell(operand.text, random));
  if (random.Chance(60)) return Json::Number(random.Pick(kNumbers));
  if (random.Chance(50)) return Json::Number(std::to_string(random.Between(-1000, 1000)));
  const bool is_whole = operand.text.find_first_of(".eE") == std::string::npos;
  return Json::Number(operand.text + (is_whole ? ".1" : "1"));  // a little more
}

Json AimAtContains(const Json& operand, Random& random) {
  if (operand.Is(Json::Kind::String) && random.Chance(40))
    return Json::String(random.Pick(kStrings) + operand.text + random.Pick(kStrings));
  Json list = Json::List({});
  const std::size_t size = random.Below(4);
  for (std::size_t i = 0; i < size; ++i) {
    list.items.push_back(random.Chance(25)                ? AnyValue(random)
                         : random.Chance(35)              ? AimAt("eq", operand, random)
                         : operand.Is(Json::Kind::String) ? Json::String(random.Pick(kStrings))
                                                          : Json::Number(random.Pick(kNumbers)));
  }
  return list;
}

}  // namespace

std::string Respell(const std::string& number, Random& random) {
  const bool is_plain = number.find_first_of("eE") == std::string::npos;
  const bool is_whole = is_plain && number.find('.') == std::string::npos;
  switch (random.Below(5)) {
    case 0:
      return is_whole ? number + ".0" : number;
    case 1:
      return is_whole && number != "0" && number != "-0" ? number + "0e-1" : number;
    case 2:
      return is_plain ? number + "e0" : number;
    case 3:
      return is_plain ? number + "E+00" : number;
    default:
      return number;
  }
}

Json AnyValue(Random& random) {
  switch (random.Below(12)) {
    case 0:
      return Json::Null();
    case 1:
      return Json::Bool(random.Chance(50));
    case 2:
    case 3:
      return Json::Number(random.Pick(kNumbers));
    case 4:
      return Json::Number(random.Pick(kInexact));
    case 5:
      return Json::List({});
    case 6: {
      Json list = Json::List({AnyValue(random)});
      if (random.Chance(50)) list.items.push_back(AnyValue(random));
      return list;
    }
    case 7:
      return Json::Record({{random.Pick(kStrings), AnyValue(random)}});
    case 8:
      if (random.Chance(1)) return Json::String(std::string(65536 + random.Below(2), 'a'));
      if (random.Chance(2))
        return Json::List(std::vector<Json>(1024 + random.Below(2), Json::String("b")));
      return Json::Record();
    default:
      return Json::String(random.Pick(kStrings));
  }
}

Json AimAt(const std::string& op, const Json& operand, Random& random) {
  if (random.Chance(15)) return AnyValue(random);
  if (op == "in" || op == "not_in") return AimAtSet(operand, random);
  if (op == "lt" || op == "lte" || op == "gt" || op == "gte") {
    if (operand.Is(Json::Kind::Number)) return AimAtOrder(operand, random);
    return AnyValue(random);
  }
  if (op == "contains") return AimAtContains(operand, random);
  if (op == "starts_with") return Json::String(operand.text + random.Pick(kStrings));
  if (op == "ends_with") return Json::String(random.Pick(kStrings) + operand.text);
  if (op == "under") return Json::String(operand.text + random.Pick(kPathEndings));
  if (op == "host_in") {
    const Json& entry = operand.items.empty() ? operand : random.Pick(operand.items);
    std::string host = entry.text;
    if (host.starts_with("*.")) host = (random.Chance(50) ? "a." : "") + host.substr(2);
    const std::vector<std::string> usual(kUrls.begin(), kUrls.begin() + 4);
    return Json::String(Replace(random.Pick(random.Chance(40) ? usual : kUrls), "HOST", host));
  }
  if (op == "regex") return Json::String(random.Pick(kStrings));
  if (op == "exists") return AnyValue(random);
  if (operand.Is(Json::Kind::Number)) {  // eq, neq
    return random.Chance(70) ? Json::Number(Respell(operand.text, random))
                             : Json::Number(random.Pick(kNumbers));
  }
  return random.Chance(75)              ? operand
         : operand.Is(Json::Kind::Bool) ? Json::Bool(random.Chance(50))
                                        : Json::String(random.Pick(kStrings));
}

}  // namespace differential
