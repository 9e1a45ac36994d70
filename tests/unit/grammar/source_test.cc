#include "policy/source.h"

#include <catch2/catch.hpp>
#include <string>

using policy::Position;
using policy::Source;

TEST_CASE("places count lines and code points") {
  const Source source("f", "ab\n\xC3\xA9x\r\n\nend");
  CHECK(source.Locate(0) == Position{1, 1});
  CHECK(source.Locate(2) == Position{1, 3});
  CHECK(source.Locate(3) == Position{2, 1});
  CHECK(source.Locate(5) == Position{2, 2});  // é is one column
  CHECK(source.Locate(8) == Position{3, 1});
  CHECK(source.Locate(9) == Position{4, 1});
  CHECK(source.Locate(999) == Position{4, 4});
  CHECK(source.LineText(2) == "\xC3\xA9x");
  CHECK(source.LineText(3).empty());
  CHECK(source.LineText(4) == "end");
  CHECK(source.LineText(5).empty());
}

TEST_CASE("places in long lines are those that counting finds") {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += i % 7 == 0 ? "\xE2\x82\xAC" : i % 1000 == 999 ? "\n" : "a";
  const Source source("f", text);
  Position expected{1, 1};
  for (std::uint32_t offset = 0; offset < text.size(); ++offset) {
    if ((static_cast<unsigned char>(text[offset]) & 0xC0) == 0x80) continue;
    REQUIRE(source.Locate(offset) == expected);
    if (text[offset] == '\n') {
      ++expected.line;
      expected.column = 1;
    } else {
      ++expected.column;
    }
  }
}
