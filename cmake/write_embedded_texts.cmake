# cmake -DOUTPUT=… -DFUNCTION=… -DFILES=a;b -P: see EmbedTexts.cmake.
list(SORT FILES COMPARE FILE_BASENAME)
set(rows "")
set(count 0)
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME)
  file(READ "${file}" text HEX)
  # Bytes, not a literal: no text can end it early, and no compiler limits its length.
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${text}")
  string(APPEND arrays "constexpr char kText${count}[] = {${bytes}'\\0'};\n")
  string(APPEND rows "    {\"${name}\", {kText${count}, sizeof kText${count} - 1}},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE "${OUTPUT}" "#include \"compiler/driver/embedded_text.h\"\n\n"
  "namespace policy {\n\nnamespace {\n\n${arrays}\nconstexpr EmbeddedText kTexts[] = {\n${rows}};\n\n}  // namespace\n\n"
  "std::span<const EmbeddedText> ${FUNCTION}() { return kTexts; }\n\n}  // namespace policy\n")
