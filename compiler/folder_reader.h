// The files below one folder of the disk, for a FileLoader.
#ifndef COMPILER_FOLDER_READER_H_
#define COMPILER_FOLDER_READER_H_

#include <string>

#include "compiler/file_loader.h"

namespace policy {

// Reads regular files that lie in the folder of `path`, or below, once links are followed: a link
// that leads out of it is refused. Files of more than kPolicyBytesMax bytes are.
FileLoader::Read ReadBeside(const std::string& path);

}  // namespace policy

#endif  // COMPILER_FOLDER_READER_H_
