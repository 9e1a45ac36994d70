// JSON text laid out for people: what fits a line stands on one.
#ifndef GRAMMAR_JSON_WRITER_H_
#define GRAMMAR_JSON_WRITER_H_

#include <string>

#include "grammar/json_document.h"

namespace policy::json {

// Keys keep their order and numbers their digits; strings are escaped only where they have to be.
// Parsing the result gives the same document, and writing that the same text. Ends with a line end.
std::string Write(const Value& document);

// Building documents to write: no spans.
Value MakeString(std::string text);
Value MakeNumber(std::string digits);
Value MakeBool(bool boolean);
Value MakeList(std::vector<Value> items);
Value MakeRecord();
void Add(Value& record, std::string key, Value value);

}  // namespace policy::json

#endif  // GRAMMAR_JSON_WRITER_H_
