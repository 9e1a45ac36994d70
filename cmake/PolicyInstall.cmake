# What `cmake --install` puts where: both programs, the headers, libpolicy.so, the static libraries, and what find_package
# and pkg-config read. docs/embedding.md is its manual.
include(CMakePackageConfigHelpers)

# The many libraries of the tree as two, without what only the programs use. They are a part of libpolicy.so as well; what is
# not meant to be seen outside of that is hidden, which keeps calls as direct as in a program.
set(runtime_parts policy_value policy_program policy_limits policy_mcp policy_vm policy_embed)
set(compiler_parts
  policy_grammar policy_catalog policy_front_end policy_ir policy_passes policy_emit policy_compiler policy_embed_compiler)
set_target_properties(${runtime_parts} ${compiler_parts} PROPERTIES
  POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)

add_library(policy_runtime STATIC)
add_library(policy_whole_compiler STATIC)
foreach(part IN LISTS runtime_parts)
  target_sources(policy_runtime PRIVATE $<TARGET_OBJECTS:${part}>)
endforeach()
foreach(part IN LISTS compiler_parts)
  target_sources(policy_whole_compiler PRIVATE $<TARGET_OBJECTS:${part}>)
endforeach()
target_link_libraries(policy_runtime INTERFACE
  date::date-tz fmt::fmt OpenSSL::Crypto PkgConfig::RE2 Threads::Threads)
target_link_libraries(policy_whole_compiler INTERFACE policy_runtime)
set_target_properties(policy_runtime PROPERTIES EXPORT_NAME runtime)
set_target_properties(policy_whole_compiler PROPERTIES EXPORT_NAME compiler OUTPUT_NAME policy_compiler)
set_target_properties(policy_runtime policy_whole_compiler PROPERTIES
  LINKER_LANGUAGE CXX ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
foreach(library policy_runtime policy_whole_compiler)
  target_compile_features(${library} INTERFACE cxx_std_23)
  target_include_directories(${library} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()

# All that is installed, in one word.
add_custom_target(embedding DEPENDS policyc policyd policy_shared policy_runtime policy_whole_compiler)

install(TARGETS policyc policyd)
# What --jit and --native need, beside policyd, where it looks for them.
install(TARGETS policyd-codegen policy_jit_module
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/policy TYPE INCLUDE)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/policy)
install(TARGETS policy_shared EXPORT policy_c)
install(TARGETS policy_runtime policy_whole_compiler EXPORT policy_cxx)
install(EXPORT policy_c FILE policy-c.cmake NAMESPACE policy:: DESTINATION ${package})
install(EXPORT policy_cxx FILE policy-cxx.cmake NAMESPACE policy:: DESTINATION ${package})
configure_package_config_file(
  ${CMAKE_SOURCE_DIR}/cmake/policy-config.cmake.in ${CMAKE_BINARY_DIR}/policy-config.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/policy-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/policy-config.cmake ${CMAKE_BINARY_DIR}/policy-config-version.cmake DESTINATION ${package})

file(RELATIVE_PATH POLICY_PREFIX_FROM_PKGCONFIG "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file(${CMAKE_SOURCE_DIR}/cmake/policy.pc.in ${CMAKE_BINARY_DIR}/policy.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/policy.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
