// Whose mail it is: an address has one domain, or none is sure.
#include "runtime/value/mail_text.h"

#include <catch2/catch.hpp>
#include <string>

namespace policy {
namespace {

using std::string_literals::operator""s;

TEST_CASE("one bare address has a domain") {
  struct Row {
    std::string address;
    std::string want;
  };
  const std::string label(63, 'a');
  const Row rows[] = {
      {"a@example.com", "example.com"},
      {"Jane.Doe+tag@Mail.Example.COM", "Mail.Example.COM"},
      {"o'brien@example.com", "example.com"},
      {"r&d@example.com", "example.com"},
      {"bounce=user=example.org@example.com", "example.com"},
      {"_-_@example.com", "example.com"},
      {"a-@example.com", "example.com"},
      {"0@1.example", "1.example"},
      {"a@xn--bcher-kva.example", "xn--bcher-kva.example"},
      {"a@a-b.c--d.e", "a-b.c--d.e"},
      {std::string(64, 'l') + "@example.com", "example.com"},
      {"a@" + label + "." + label + "." + label + ".bbb",
       label + "." + label + "." + label + ".bbb"},
      {"a@4.com2", "4.com2"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.address);
    const auto domain = MailDomain(row.address);
    REQUIRE(domain.has_value());
    CHECK(*domain == row.want);
  }
}

TEST_CASE("an address that two mail systems read differently has no domain") {
  const std::string label(63, 'a');
  const std::string addresses[] = {
      "",
      "@",
      "a",
      "a@",
      "@example.com",
      "example.com",
      // lists and display names
      "a@example.com,b@evil.com",
      "a@example.com;b@evil.com",
      "a@example.com b@evil.com",
      "a@example.com, ",
      "a@evil.com,@example.com",
      "team:a@example.com;",
      "undisclosed:;",
      "Jane <a@example.com>",
      "<a@example.com>",
      "a@evil.com <b@example.com>",
      "<a@evil.com>b@example.com",
      "a@example.com>",
      "a@example.com<b@evil.com>",
      // two @
      "a@evil.com@example.com",
      "a@@example.com",
      "@evil.com:a@example.com",
      // quotes and comments
      "\"a\"@example.com",
      "\"a@evil.com\"@example.com",
      "\"a@evil.com \"@example.com",
      "a\"b@example.com",
      "a(x)@example.com",
      "a@example.com(evil.com)",
      "a@(evil.com)example.com",
      "(b@evil.com)a@example.com",
      "a\\@evil.com@example.com",
      "a\\b@example.com",
      // white space, line ends, control characters
      " a@example.com",
      "a@example.com ",
      "a @example.com",
      "a@ example.com",
      "a@example .com",
      "a@example.com\n",
      "a@example.com\r\nBcc: b@evil.com",
      "a\n@example.com",
      "a\t@example.com",
      "a@exam\0ple.com"s,
      "a\0@example.com"s,
      "a@example.com\0@evil.com"s,
      "a\x7F@example.com",
      // beyond ASCII: other at signs, dots and letters
      "a\uFF20evil.com@example.com",
      "a@evil\u3002com",
      "a@example.com\u3002evil.com",
      "a@ex\u00E4mple.com",
      "\u00E4@example.com",
      "a@\u0435xample.com",
      "a@example.com\u200B",
      "a\uFE6Bevil.com@example.com",
      "a@example\uFF0Ecom",
      // labels
      "a@.example.com",
      "a@example..com",
      "a@example.com.",
      "a@.",
      "a@-example.com",
      "a@example-.com",
      "a@exa_mple.com",
      "a@example.-com",
      "a@example.com-",
      "a@" + label + "a.com",
      "a@" + label + "." + label + "." + label + "." + label,
      // not names
      "a@[192.0.2.1]",
      "a@[IPv6:2001:db8::1]",
      "a@192.0.2.1",
      "a@example.com.1",
      "a@0x7f000001",
      "a@a.0x7f",
      "a@2130706433",
      "a@example.1com",
      // completed by a relay
      "a@localhost",
      "a@corp",
      "root@com",
      // routes and other systems' addresses in the local part
      "b%evil.com@example.com",
      "evil.com!b@example.com",
      "b%40evil.com@example.com",
      "/C=us/S=b/@example.com",
      "b_evil.com#EXT#@example.com",
      "b?x@example.com",
      // an encoded word, which some libraries decode first
      "=?utf-8?q?b=40evil.com=3e=00?=foo@example.com",
      "=?x?q?b=40evil.com_?=@example.com",
      "=?utf-7?q?&AGYAbwBvAGIAYQBy-?=@example.com",
      // options and commands of mail programs
      "-oQ/tmp@example.com",
      "-x@example.com",
      "|/bin/sh@example.com",
      "$(id)@example.com",
      "`id`@example.com",
      "a*@example.com",
      "~root@example.com",
      "{a,b}@example.com",
      "a^b@example.com",
      // dots of the local part
      ".a@example.com",
      "a.@example.com",
      "a..b@example.com",
      ".@example.com",
      // other readers' forms
      "mailto:a@example.com",
      "mailto:a@example.com?bcc=b@evil.com",
      "a@example.com?bcc=b@evil.com",
      "a@example.com/evil.com",
      "a@example.com#evil.com",
      "a@example.com:25",
      "a@example.com%evil.com",
      "a@evil.com\\@example.com",
      // what is cut off by systems with a bound
      std::string(65, 'l') + "@example.com",
      std::string(64, 'l') + "@" + label + "." + label + "." + label + ".com",
      std::string(100'000, 'l') + "@example.com",
      "a@" + std::string(100'000, 'x') + ".com",
  };
  for (const std::string& address : addresses) {
    CAPTURE(address);
    CHECK_FALSE(MailDomain(address).has_value());
  }
}

TEST_CASE("the bounds of an address are exact") {
  const std::string label(63, 'a');
  const std::string domain = label + "." + label + "." + label;  // 191 bytes
  CHECK(MailDomain(std::string(62, 'l') + "@" + domain).has_value());
  CHECK_FALSE(MailDomain(std::string(63, 'l') + "@" + domain).has_value());
}

}  // namespace
}  // namespace policy
