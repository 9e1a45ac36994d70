#include "grammar/text_letters.h"

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/value/utf8.h"

namespace policy {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};

constexpr std::array kReordering = {Range{0x061C, 0x061C}, Range{0x200E, 0x200F},
                                    Range{0x202A, 0x202E}, Range{0x2066, 0x2069}};
constexpr std::array kHidden = {
    Range{0x0000, 0x001F},  Range{0x007F, 0x00A0}, Range{0x00AD, 0x00AD}, Range{0x034F, 0x034F},
    Range{0x061C, 0x061C},  Range{0x115F, 0x1160}, Range{0x1680, 0x1680}, Range{0x17B4, 0x17B5},
    Range{0x180B, 0x180F},  Range{0x2000, 0x200F}, Range{0x2028, 0x202F}, Range{0x205F, 0x206F},
    Range{0x2800, 0x2800},  Range{0x3000, 0x3000}, Range{0x3164, 0x3164}, Range{0xFE00, 0xFE0F},
    Range{0xFEFF, 0xFEFF},  Range{0xFFA0, 0xFFA0}, Range{0xFFF0, 0xFFFB}, Range{0x1D173, 0x1D17A},
    Range{0xE0000, 0xE0FFF}};
constexpr std::array kCombining = {
    Range{0x0300, 0x036F}, Range{0x0483, 0x0489}, Range{0x1AB0, 0x1AFF}, Range{0x1DC0, 0x1DFF},
    Range{0x20D0, 0x20FF}, Range{0x3099, 0x309A}, Range{0xFE20, 0xFE2F}};
constexpr std::array kLatin = {Range{'A', 'Z'},       Range{'a', 'z'},       Range{0x00C0, 0x00D6},
                               Range{0x00D8, 0x00F6}, Range{0x00F8, 0x02AF}, Range{0x1E00, 0x1EFF},
                               Range{0x212A, 0x212B}, Range{0x2C60, 0x2C7F}, Range{0xA720, 0xA7FF}};
constexpr std::array kGreek = {Range{0x0370, 0x0373}, Range{0x0376, 0x0377}, Range{0x037B, 0x03FF},
                               Range{0x1F00, 0x1FFF}, Range{0x2126, 0x2126}};
constexpr std::array kCyrillic = {Range{0x0400, 0x0482}, Range{0x048A, 0x052F},
                                  Range{0x1C80, 0x1C8F}, Range{0xA640, 0xA69F}};
constexpr std::array kArmenian = {Range{0x0531, 0x0556}, Range{0x0561, 0x0587}};
constexpr std::array kCherokee = {Range{0x13A0, 0x13FF}, Range{0xAB70, 0xABBF}};

// Letters that look like a Latin one.
constexpr std::pair<char32_t, char> kLookalikes[] = {
    // Greek
    {0x0391, 'A'},
    {0x0392, 'B'},
    {0x0395, 'E'},
    {0x0396, 'Z'},
    {0x0397, 'H'},
    {0x0399, 'I'},
    {0x039A, 'K'},
    {0x039C, 'M'},
    {0x039D, 'N'},
    {0x039F, 'O'},
    {0x03A1, 'P'},
    {0x03A4, 'T'},
    {0x03A5, 'Y'},
    {0x03A7, 'X'},
    {0x03B1, 'a'},
    {0x03B3, 'y'},
    {0x03B9, 'i'},
    {0x03BA, 'k'},
    {0x03BD, 'v'},
    {0x03BF, 'o'},
    {0x03C1, 'p'},
    {0x03C3, 'o'},
    {0x03C5, 'u'},
    {0x03C7, 'x'},
    {0x03F2, 'c'},
    {0x03F3, 'j'},
    {0x03F9, 'C'},
    // Cyrillic
    {0x0405, 'S'},
    {0x0406, 'I'},
    {0x0408, 'J'},
    {0x0410, 'A'},
    {0x0412, 'B'},
    {0x0415, 'E'},
    {0x041A, 'K'},
    {0x041C, 'M'},
    {0x041D, 'H'},
    {0x041E, 'O'},
    {0x0420, 'P'},
    {0x0421, 'C'},
    {0x0422, 'T'},
    {0x0423, 'Y'},
    {0x0425, 'X'},
    {0x0430, 'a'},
    {0x0433, 'r'},
    {0x0435, 'e'},
    {0x043E, 'o'},
    {0x043F, 'n'},
    {0x0440, 'p'},
    {0x0441, 'c'},
    {0x0443, 'y'},
    {0x0445, 'x'},
    {0x044C, 'b'},
    {0x0455, 's'},
    {0x0456, 'i'},
    {0x0458, 'j'},
    {0x0475, 'v'},
    {0x04AE, 'Y'},
    {0x04AF, 'y'},
    {0x04BB, 'h'},
    {0x04C0, 'I'},
    {0x04CF, 'l'},
    {0x0501, 'd'},
    {0x051B, 'q'},
    {0x051D, 'w'},
    // Armenian
    {0x0555, 'O'},
    {0x0561, 'w'},
    {0x0563, 'q'},
    {0x0566, 'q'},
    {0x0570, 'h'},
    {0x0575, 'j'},
    {0x0578, 'n'},
    {0x057D, 'u'},
    {0x0581, 'g'},
    {0x0584, 'f'},
    {0x0585, 'o'},
    // Cherokee
    {0x13A0, 'D'},
    {0x13A1, 'R'},
    {0x13A2, 'T'},
    {0x13A9, 'Y'},
    {0x13AA, 'A'},
    {0x13AB, 'J'},
    {0x13AC, 'E'},
    {0x13B3, 'W'},
    {0x13B7, 'M'},
    {0x13BB, 'H'},
    {0x13C3, 'Z'},
    {0x13DA, 'S'},
    {0x13DF, 'C'},
    {0x13E2, 'P'},
    {0x13E6, 'K'},
    {0x13F4, 'B'},
    // Latin letters that look like others, and signs
    {0x0131, 'i'},
    {0x0251, 'a'},
    {0x0261, 'g'},
    {0x0269, 'i'},
    {0x028B, 'u'},
    {0x017F, 'f'},
    {0x212A, 'K'},
    {0x2010, '-'},
    {0x2011, '-'},
    {0x2012, '-'},
    {0x2013, '-'},
    {0x2212, '-'},
    {0xFE63, '-'},
    {0x2024, '.'},
    {0x2044, '/'},
    {0x2215, '/'},
    {0x2217, '*'},
    {0x204E, '*'}};

bool IsIn(char32_t letter, auto ranges) {
  return std::ranges::any_of(
      ranges, [&](Range range) { return letter >= range.first && letter <= range.last; });
}

// The Latin letter or digit of a font of mathematical letters, or 0.
char PlainOf(char32_t letter) {
  if (letter >= 0xFF01 && letter <= 0xFF5E) return static_cast<char>(letter - 0xFF01 + '!');
  if (letter >= 0x1D400 && letter <= 0x1D6A3) {
    const auto place = (letter - 0x1D400) % 52;
    return static_cast<char>(place < 26 ? 'A' + place : 'a' + place - 26);
  }
  if (letter >= 0x1D7CE && letter <= 0x1D7FF) {
    return static_cast<char>('0' + (letter - 0x1D7CE) % 10);
  }
  return 0;
}

}  // namespace

bool IsReordering(char32_t letter) { return IsIn(letter, kReordering); }
bool IsHidden(char32_t letter) { return IsIn(letter, kHidden); }
bool IsCombiningMark(char32_t letter) { return IsIn(letter, kCombining); }

std::string_view NameOf(Alphabet alphabet) {
  switch (alphabet) {
    case Alphabet::Latin:
      return "Latin";
    case Alphabet::Greek:
      return "Greek";
    case Alphabet::Cyrillic:
      return "Cyrillic";
    case Alphabet::Armenian:
      return "Armenian";
    case Alphabet::Cherokee:
      return "Cherokee";
  }
  return "";
}

std::optional<Alphabet> AlphabetOf(char32_t letter) {
  if (IsIn(letter, kLatin)) return Alphabet::Latin;
  if (IsIn(letter, kGreek)) return Alphabet::Greek;
  if (IsIn(letter, kCyrillic)) return Alphabet::Cyrillic;
  if (IsIn(letter, kArmenian)) return Alphabet::Armenian;
  if (IsIn(letter, kCherokee)) return Alphabet::Cherokee;
  return std::nullopt;
}

void AppendSkeleton(char32_t letter, std::string& skeleton) {
  if (const char plain = PlainOf(letter)) {
    skeleton += plain;
    return;
  }
  for (const auto& [lookalike, latin] : kLookalikes) {
    if (lookalike == letter) {
      skeleton += latin;
      return;
    }
  }
  char room[4];
  skeleton.append(room, EncodeUtf8(letter, room));
}

}  // namespace policy
