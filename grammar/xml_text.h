// Text made fit to stand in XML 1.0.
#ifndef GRAMMAR_XML_TEXT_H_
#define GRAMMAR_XML_TEXT_H_

#include <string>
#include <string_view>

namespace policy {

// `text` as an attribute's value or an element's text: markup escaped, and what XML cannot hold
// (control characters, malformed UTF-8) as U+FFFD.
std::string XmlText(std::string_view text);

}  // namespace policy

#endif  // GRAMMAR_XML_TEXT_H_
