#!/usr/bin/env python3
"""The checks are checked: each is fed what it must find, and what it must leave alone."""

import unittest

import arrows
import links
import lists
import words


def messages(found):
    return [message for _, message in found]


class Arrows(unittest.TestCase):
    def test_runtime_never_includes_the_compiler(self):
        found = list(arrows.check("runtime/vm/interpreter.cc", '#include <vector>\n#include "compiler/ir/ir.h"\n'))
        self.assertEqual(found[0][0], 2)
        self.assertIn("runtime/vm must not include compiler", found[0][1])
        self.assertIn("move what both need", found[0][1])

    def test_each_forbidden_arrow_is_found(self):
        for path, header, arrow in [
            ("runtime/mcp/a.cc", "grammar/ast.h", "runtime/mcp must not include grammar"),
            ("runtime/value/a.h", "runtime/program/frame.h", "runtime/value must not include runtime/program"),
            ("runtime/limits/a.h", "runtime/vm/a.h", "runtime/limits must not include runtime/vm"),
            ("runtime/transport/a.h", "runtime/gateway/a.h", "runtime/transport must not include runtime/gateway"),
            ("grammar/a.cc", "compiler/ir/ir.h", "grammar must not include compiler"),
            ("grammar/a.cc", "runtime/program/format.h", "grammar must not include runtime/program"),
            ("compiler/passes/a.cc", "runtime/vm/a.h", "compiler must not include runtime/vm"),
            ("compiler/driver/a.cc", "runtime/gateway/a.h", "compiler/driver must not include runtime/gateway"),
            ("include/policy/a.h", "runtime/value/value.h", "include must not include runtime/value"),
            ("runtime/gateway/pipeline.cc", "compiler/ir/ir.h", "runtime/gateway must not include compiler"),
        ]:
            with self.subTest(path=path, header=header):
                self.assertIn(arrow, messages(arrows.check(path, f'#include "{header}"\n'))[0])

    def test_allowed_arrows_pass(self):
        for path, header in [
            ("compiler/driver/eval.cc", "runtime/vm/evaluator.h"),
            ("compiler/emit/a.cc", "runtime/program/format.h"),
            ("compiler/emit/a.cc", "compiler/ir/ir.h"),
            ("grammar/a.cc", "policy/source.h"),
            ("runtime/gateway/main.cc", "compiler/ir/ir.h"),
            ("runtime/gateway/a.cc", "runtime/transport/child.h"),
            ("tests/unit/vm/a_test.cc", "compiler/ir/ir.h"),
        ]:
            with self.subTest(path=path, header=header):
                self.assertEqual(messages(arrows.check(path, f'#include "{header}"\n')), [])

    def test_walls(self):
        for path, header in [
            ("compiler/a.cc", "tao/pegtl.hpp"),
            ("runtime/vm/a.cc", "llvm/IR/Module.h"),
            ("runtime/gateway/a.cc", "sys/socket.h"),
            ("runtime/mcp/a.cc", "nlohmann/json.hpp"),
            ("runtime/limits/a.cc", "poll.h"),
        ]:
            with self.subTest(path=path, header=header):
                self.assertIn("is included only in", messages(arrows.check(path, f"#include <{header}>\n"))[0])
        self.assertEqual(messages(arrows.check("runtime/transport/a.cc", "#include <sys/epoll.h>\n")), [])

    def test_relative_includes_are_named(self):
        self.assertIn("not named from the top", messages(arrows.check("grammar/a.cc", '#include "ast.h"\n'))[0])


class Words(unittest.TestCase):
    def find(self, text, path="runtime/vm/a.cc"):
        return messages(words.check(path, text))

    def test_banned_words(self):
        for text, part in [
            ("using namespace std;\n", "using namespace"),
            ("class CallManager {\n", "Manager"),
            ("struct ParseHelper {};\n", "Helper"),
            ("int string_util = 0; // util\n", "util"),
            ('std::cout << "x";\n', "streams are passed in"),
            ("// FIXME later\n", "finish it"),
            ("// TODO\n", "a TODO carries the reason"),
        ]:
            with self.subTest(text=text):
                self.assertTrue(any(part in m for m in self.find(text)), self.find(text))

    def test_driver_may_print(self):
        self.assertEqual(self.find('std::cout << "x";\n', "compiler/driver/check.cc"), [])

    def test_line_length(self):
        self.assertEqual(self.find("x" * 100 + "\n"), [])
        self.assertIn("101 characters", self.find("x" * 101 + "\n")[0])

    def test_machine_paths_and_registry_hosts(self):
        self.assertIn("path of one machine", self.find("see /" + "root/x\n", "docs/a.md")[0])
        self.assertIn("path of one machine", self.find("see /" + "work/x\n", "docs/a.md")[0])
        self.assertEqual(self.find("tests/" + "work/x and framework/x\n", "docs/a.md"), [])
        self.assertIn("package registry", self.find('"resolved": "https://registry.' + 'npmjs.org/x"\n', "a.json")[0])

    def test_long_files_warn(self):
        self.assertEqual(list(words.long_files("a.cc", "\n" * 600)), [])
        self.assertEqual(len(list(words.long_files("a.cc", "\n" * 601))), 1)


class Lists(unittest.TestCase):
    def check(self, files):
        return [(p, m) for p, _, m in lists.check(list(files), files.__getitem__)]

    def test_source_in_no_list(self):
        files = {"grammar/CMakeLists.txt": "policy_library(g SOURCES a.cc)", "grammar/a.cc": "", "grammar/b.cc": ""}
        found = self.check(files)
        self.assertEqual([p for p, _ in found], ["grammar/b.cc"])
        self.assertIn("in no CMakeLists.txt", found[0][1])

    def test_folder_above_may_list(self):
        files = {"compiler/CMakeLists.txt": "SOURCES ir/a.cc", "compiler/ir/a.cc": ""}
        self.assertEqual(self.check(files), [])

    def test_header_nobody_includes(self):
        files = {"runtime/CMakeLists.txt": "a.cc", "runtime/a.cc": '#include "runtime/a.h"', "runtime/a.h": "", "runtime/b.h": ""}
        self.assertEqual([p for p, _ in self.check(files)], ["runtime/b.h"])


class Links(unittest.TestCase):
    def check(self, path, text):
        return messages(links.check(path, text, {"docs/a.md", "docs", "examples"}.__contains__))

    def test_links_lead_somewhere(self):
        self.assertEqual(self.check("docs/README.md", "[a](a.md) [b](../examples/) [c](https://example.org) [d](a.md#x) [e](#y)"), [])
        self.assertIn("`b.md` leads nowhere", self.check("docs/README.md", "see [b](b.md)")[0])
        self.assertEqual(self.check("docs/a.cc", "[b](b.md)"), [])
        self.assertEqual(self.check("docs/README.md", "```\n[.](pem|key)\n```\n"), [])


if __name__ == "__main__":
    unittest.main()
