#include "runtime/mcp/header_agreement.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace policy::mcp {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

const std::string kMeta = R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                          R"("io.modelcontextprotocol/clientCapabilities":{}})";

std::string Modern(const std::string& method, const std::string& params = "") {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":{)" + kMeta +
         (params.empty() ? "" : ",") + params + "}}";
}

std::string Legacy(const std::string& method, const std::string& params = "") {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":{)" + params + "}}";
}

MirrorHeaders Mirrored(const Headers& headers) {
  MirrorHeaders mirrored;
  for (const auto& [name, value] : headers) mirrored.Add(name, value);
  return mirrored;
}

// "modern 2026-07-28", "legacy", or "400 -32020 text".
std::string Check(const Headers& headers, const std::string& body,
                  const std::vector<HeaderMark>& marks = {}) {
  MessageReader reader(Direction::FromClient);
  const auto message = reader.Read(body, nullptr);
  if (!message) {
    const HttpRefusal refusal = HttpRefusalOf(message.error());
    return std::to_string(refusal.http_status) + " " + std::to_string(refusal.code);
  }
  const auto speech = CheckHeaders(Mirrored(headers), *message, marks);
  if (!speech) {
    return std::to_string(speech.error().http_status) + " " + std::to_string(speech.error().code) +
           " " + speech.error().text;
  }
  const std::string era = speech->era == Era::Modern ? "modern" : "legacy";
  return speech->version.empty() ? era : era + " " + speech->version;
}

Headers ModernHeaders(const std::string& method, const std::string& name = "") {
  Headers headers = {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", method}};
  if (!name.empty()) headers.emplace_back("Mcp-Name", name);
  return headers;
}

TEST_CASE("the era of a request") {
  const std::string v = "MCP-Protocol-Version";
  const std::string unclaimed = Legacy("tools/list");
  const std::string initialize = Legacy("initialize", R"("protocolVersion":"2025-11-25")");
  const std::string notification = R"({"jsonrpc":"2.0","method":"notifications/initialized"})";
  const std::string response = R"({"jsonrpc":"2.0","id":1,"result":{}})";
  CHECK(Check({}, unclaimed) == "legacy");
  CHECK(Check({}, initialize) == "legacy");
  CHECK(Check({}, notification) == "legacy");
  CHECK(Check({}, response) == "legacy");
  for (const std::string version : {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"}) {
    CHECK(Check({{v, version}}, unclaimed) == "legacy " + version);
    CHECK(Check({{v, version}}, initialize) == "legacy " + version);
    CHECK(Check({{v, version}}, response) == "legacy " + version);
  }
  CHECK(Check({{v, "2026-07-28"}}, notification) == "modern 2026-07-28");
  CHECK(Check({{v, "2026-07-28"}}, response).starts_with("400 -32600"));
  CHECK(Check({{v, "2026-07-28"}}, unclaimed).starts_with("400 -32602"));
  CHECK(Check({{v, "2026-07-28"}}, initialize).starts_with("400 -32020"));
  CHECK(Check({{v, "1900-01-01"}}, unclaimed).starts_with("400 -32022"));
  CHECK(Check({{v, "2099-01-01"}}, unclaimed).starts_with("400 -32022"));
  CHECK(Check({{v, ""}}, unclaimed).starts_with("400 -32022"));
  CHECK(Check(ModernHeaders("tools/list"), Modern("tools/list")) == "modern 2026-07-28");
  CHECK(Check(ModernHeaders("initialize"), Modern("initialize")).starts_with("404 -32601"));
}

TEST_CASE("a version that is said twice is the same both times, and supported") {
  CHECK(Check({{"Mcp-Method", "tools/list"}}, Modern("tools/list")).starts_with("400 -32020"));
  CHECK(Check({{"MCP-Protocol-Version", "2025-11-25"}, {"Mcp-Method", "tools/list"}},
              Modern("tools/list"))
            .starts_with("400 -32020"));
  const auto claiming = [](const std::string& meta) {
    return R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{)" + meta + "}}}";
  };
  const std::string key = R"("io.modelcontextprotocol/protocolVersion":)";
  const std::string able = R"(,"io.modelcontextprotocol/clientCapabilities":{})";
  const auto headers = [](const std::string& version) {
    return Headers{{"mcp-protocol-version", version}, {"mcp-method", "tools/list"}};
  };
  CHECK(Check(headers("2099-01-01"), claiming(key + R"("2099-01-01")" + able))
            .starts_with("400 -32022"));
  CHECK(Check(headers("2025-11-25"), claiming(key + R"("2025-11-25")" + able))
            .starts_with("400 -32022"));
  CHECK(Check(headers("2026-07-28"), claiming(key + R"("2026-07-28")")).starts_with("400 -32602"));
  CHECK(Check(headers("2026-07-28"),
              claiming(key + R"("2026-07-28","io.modelcontextprotocol/clientCapabilities":[])"))
            .starts_with("400 -32602"));
  CHECK(Check(headers("2026-07-28"), claiming(key + "1" + able)).starts_with("400 -32602"));
  CHECK(Check(headers("2026-07-28"), claiming(R"("x":1)")).starts_with("400 -32602"));
  CHECK(Check(headers("2026-07-28"), claiming(key + R"("2026-07\u002d28")" + able)) ==
        "modern 2026-07-28");
}

TEST_CASE("a method or a name in a header that the body does not say is refused") {
  const std::string call = Modern("tools/call", R"("name":"get","arguments":{})");
  CHECK(Check(ModernHeaders("tools/call", "get"), call) == "modern 2026-07-28");
  CHECK(Check(ModernHeaders("tools/call", "=?base64?Z2V0?="), call) == "modern 2026-07-28");
  for (const std::string name :
       {"Get", "get2", "=?base64?Z2V?=", "=?base64?R2V0?=", "g\xC3\xA9t"}) {
    CAPTURE(name);
    CHECK(Check(ModernHeaders("tools/call", name), call).starts_with("400 -32020"));
  }
  CHECK(Check(ModernHeaders("tools/call"), call).starts_with("400 -32020"));
  CHECK(Check(ModernHeaders("tools/list", "get"), call).starts_with("400 -32020"));
  CHECK(Check(ModernHeaders("TOOLS/CALL", "get"), call).starts_with("400 -32020"));
  CHECK(Check({{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Name", "get"}}, call)
            .starts_with("400 -32020"));
  CHECK(Check(ModernHeaders("tools/list", "get"), Modern("tools/list")).starts_with("400 -32020"));
  CHECK(Check(ModernHeaders("tools/call", "get"),
              Modern("tools/c\\u0061ll", R"("n\u0061me":"g\u0065t","arguments":{})")) ==
        "modern 2026-07-28");

  const std::string read = Modern("resources/read", R"("uri":"file:///ä","name":"other")");
  CHECK(Check(ModernHeaders("resources/read", "=?base64?ZmlsZTovLy/DpA==?="), read) ==
        "modern 2026-07-28");
  CHECK(Check(ModernHeaders("resources/read", "other"), read).starts_with("400 -32020"));
  CHECK(Check(ModernHeaders("prompts/get", "p"), Modern("prompts/get", R"("name":"p")")) ==
        "modern 2026-07-28");
  CHECK(Check(ModernHeaders("tasks/get", "t"), Modern("tasks/get", R"("taskId":"t")")) ==
        "modern 2026-07-28");

  // Not asked of a legacy request, but held to where it is there.
  const std::string legacy_call = Legacy("tools/call", R"("name":"get","arguments":{})");
  CHECK(Check({}, legacy_call) == "legacy");
  CHECK(Check({{"Mcp-Method", "tools/call"}, {"Mcp-Name", "get"}}, legacy_call) == "legacy");
  CHECK(Check({{"Mcp-Name", "other"}}, legacy_call).starts_with("400 -32020"));
  CHECK(Check({{"Mcp-Method", "tools/list"}}, legacy_call).starts_with("400 -32020"));
}

TEST_CASE("a header that is there twice, or again with an underscore, is refused") {
  const std::string call = Modern("tools/call", R"("name":"get","arguments":{})");
  for (const std::string name :
       {"Mcp-Name", "MCP-NAME", "Mcp_Name", "mcp_method", "MCP_Protocol-Version"}) {
    CAPTURE(name);
    Headers headers = ModernHeaders("tools/call", "get");
    headers.emplace_back(name, "get");
    CHECK(Check(headers, call).starts_with("400 -32020"));
  }
  Headers headers = ModernHeaders("tools/call", "get");
  headers.emplace_back("Mcp-Param-A-B", "1");
  CHECK(Check(headers, call) == "modern 2026-07-28");
  headers.emplace_back("Mcp-Param-a_b", "1");
  CHECK(Check(headers, call).starts_with("400 -32020"));
}

TEST_CASE("marked arguments and their headers agree") {
  const std::vector<HeaderMark> marks = {{.name = "Region", .path = {"region"}},
                                         {.name = "Depth", .path = {"o", "depth"}},
                                         {.name = "Dry", .path = {"dry"}}};
  struct Row {
    const char* arguments;
    Headers params;
    bool agrees;
  };
  const Row rows[] = {
      {R"({})", {}, true},
      {R"({"region":null,"o":{}})", {}, true},
      {R"({"region":"eu"})", {{"Region", "eu"}}, true},
      {R"({"region":"eu"})", {{"REGION", "=?base64?ZXU=?="}}, true},
      {R"({"region":"\u0065u"})", {{"Region", "eu"}}, true},
      {R"({"region":""})", {{"Region", ""}}, true},
      {R"({"region":"eu"})", {}, false},
      {R"({"region":"eu"})", {{"Region", "us"}}, false},
      {R"({"region":"eu"})", {{"Region", "=?base64?ZXV=?="}}, false},
      {R"({"region":"eu"})", {{"Regio", "eu"}}, false},
      {R"({})", {{"Region", "eu"}}, false},
      {R"({"region":null})", {{"Region", "null"}}, false},
      {R"({"region":{"a":1}})", {{"Region", "x"}}, false},
      {R"({"region":{"a":1}})", {}, false},
      {R"({"o":{"depth":42}})", {{"Depth", "42"}}, true},
      {R"({"o":{"depth":42}})", {{"Depth", "42.0"}}, true},
      {R"({"o":{"depth":42.0}})", {{"Depth", "42"}}, true},
      {R"({"o":{"depth":-7}})", {{"Depth", "-7"}}, true},
      {R"({"o":{"depth":42}})", {{"Depth", "43"}}, false},
      {R"({"o":{"depth":42}})", {{"Depth", "0x2a"}}, false},
      {R"({"o":{"depth":42}})", {{"Depth", "042"}}, false},
      {R"({"o":{"depth":42}})", {{"Depth", "42 2"}}, false},
      {R"({"o":{"depth":9007199254740993}})", {{"Depth", "9007199254740992"}}, false},
      {R"({"o":{"depth":"42"}})", {{"Depth", "42"}}, true},
      {R"({"o":7})", {{"Depth", "42"}}, false},
      {R"({"dry":true})", {{"Dry", "true"}}, true},
      {R"({"dry":true})", {{"Dry", "TRUE"}}, false},
      {R"({"dry":false})", {{"Dry", "true"}}, false},
      {R"({"region":"eu"})", {{"Region", "eu"}, {"Unknown", "=?base64?x?="}}, true},
  };
  for (const Row& row : rows) {
    Headers headers = ModernHeaders("tools/call", "sql");
    for (const auto& [name, value] : row.params) headers.emplace_back("Mcp-Param-" + name, value);
    const std::string body =
        Modern("tools/call", R"("name":"sql","arguments":)" + std::string(row.arguments));
    CAPTURE(body);
    CHECK(Check(headers, body, marks).starts_with(row.agrees ? "modern" : "400 -32020"));
  }
}

TEST_CASE("what cannot be read is refused as HTTP wants it") {
  CHECK(Check({}, "[]") == "400 -32600");
  CHECK(Check({}, "[" + Legacy("tools/list") + "]") == "400 -32600");
  CHECK(Check({}, "{") == "400 -32700");
  CHECK(ErrorText("", {.code = -32600, .text = "a \"b\""}) ==
        R"({"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"a \"b\""}})");
  MessageReader reader(Direction::FromClient);
  const std::string body = Legacy("tools/list");
  const auto message = reader.Read(body, nullptr);
  const auto speech = CheckHeaders(Mirrored({{"MCP-Protocol-Version", "x\"y"}}), *message, {});
  REQUIRE(!speech);
  CHECK(
      ErrorText("7", speech.error()) ==
      R"({"jsonrpc":"2.0","id":7,"error":{"code":-32022,"message":"unsupported protocol version",)"
      R"("data":{"supported":["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"],)"
      R"("requested":"x\"y"}}})");
  CHECK(HttpStatusOf(-32601, Era::Modern) == 404);
  CHECK(HttpStatusOf(-32601, Era::Legacy) == 200);
  CHECK(HttpStatusOf(-32602, Era::Modern) == 200);
}

TEST_CASE("the proxy's own requests say in headers what their bodies say") {
  const std::vector<HeaderMark> marks = {{.name = "Region", .path = {"region"}},
                                         {.name = "N", .path = {"n"}},
                                         {.name = "Dry", .path = {"dry"}},
                                         {.name = "Gone", .path = {"gone"}}};
  const std::string body = Modern(
      "tools/call",
      R"("name":"söl","arguments":{"region":" x","n":42.0,"dry":false,"gone":null,"other":1})");
  MessageReader reader(Direction::FromClient);
  const auto message = reader.Read(body, nullptr);
  REQUIRE(message);
  const Headers from_client = {{"Mcp-Param-Region", "stale"}, {"Mcp-Param-Tenant", "t1"}};
  const MirrorHeaders sent = Mirrored(from_client);
  Headers made;
  for (const auto& [name, value] : MirrorHeadersOf(*message, kModernVersion, marks, &sent)) {
    made.emplace_back(name, value);
  }
  CHECK(made == Headers{{"MCP-Protocol-Version", "2026-07-28"},
                        {"Mcp-Method", "tools/call"},
                        {"Mcp-Name", "=?base64?c8O2bA==?="},
                        {"Mcp-Param-Region", "=?base64?IHg=?="},
                        {"Mcp-Param-N", "42.0"},
                        {"Mcp-Param-Dry", "false"},
                        {"Mcp-Param-Tenant", "t1"}});
  CHECK(Check(made, body, marks) == "modern 2026-07-28");

  const auto legacy = MirrorHeadersOf(*message, "2025-11-25", marks, &sent);
  REQUIRE(legacy.size() == 1);
  CHECK(legacy[0].value == "2025-11-25");
  CHECK(MirrorHeadersOf(*message, "", marks, &sent).empty());
}

}  // namespace
}  // namespace policy::mcp
