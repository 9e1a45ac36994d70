# policy_embed_texts(output.cc function file …): makes output.cc, in which policy::function() gives the files as a sorted
# span of EmbeddedText. Run again when a file changes.
function(policy_embed_texts output function)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} "-DOUTPUT=${output}" "-DFUNCTION=${function}" "-DFILES=${ARGN}"
            -P ${CMAKE_SOURCE_DIR}/cmake/write_embedded_texts.cmake
    DEPENDS ${ARGN} ${CMAKE_SOURCE_DIR}/cmake/write_embedded_texts.cmake
    VERBATIM)
endfunction()
