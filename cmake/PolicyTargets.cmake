# Every library and program of the project is made by these two, so that warnings, include roots and sanitizers are the
# same everywhere. Sources are listed by name in the folder that owns them.

find_program(POLICY_CCACHE ccache)
if(POLICY_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${POLICY_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${POLICY_CCACHE})
endif()

option(POLICY_WARNINGS_AS_ERRORS "Warnings stop the build" ON)

function(policy_configure target)
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/include)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Wshadow)
  # g++ 12 sees uninitialised members in variants that are moved, where there are none.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
  endif()
  # libstdc++'s std::stable_sort uses what it deprecates itself, and clang says so. A member that a designated initialiser
  # leaves out has its default, and that is meant.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(${target} PRIVATE -Wno-deprecated-declarations -Wno-missing-designated-field-initializers)
  endif()
  if(POLICY_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

# policy_library(name SOURCES a.cc … [DEPENDS lib …])
function(policy_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_DEPENDS})
  policy_configure(${name})
endfunction()

# policy_program(name SOURCES main.cc … [DEPENDS lib …])
function(policy_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS})
  policy_configure(${name})
endfunction()

# policy_test(name SOURCES a_test.cc … [DEPENDS lib …]): a Catch2 program that ctest runs; its main is compiled once.
function(policy_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} policy_catch_main)
  policy_configure(${name})
  add_test(NAME ${name} COMMAND ${name})
endfunction()
