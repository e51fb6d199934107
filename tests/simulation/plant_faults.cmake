# cmake -D FROM=<core> -D TO=<copy> -D HEADER=<name> -D FAULTS=<faults.txt> -P plant_faults.cmake
#
# Copies the core and plants each fault of the list in the copy, as a choice made at run time. Stops if a piece of text
# is not found exactly once: then the core has changed, and the fault has to change with it.
cmake_minimum_required(VERSION 3.25)

# take(<before> <rest> <text> <mark>): splits at the first <mark>.
function(take before rest text mark)
  string(FIND "${text}" "${mark}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "${FAULTS}: expected \"${mark}\" in\n${text}")
  endif()
  string(SUBSTRING "${text}" 0 ${at} first)
  string(LENGTH "${mark}" length)
  math(EXPR at "${at} + ${length}")
  string(SUBSTRING "${text}" ${at} -1 second)
  set(${before} "${first}" PARENT_SCOPE)
  set(${rest} "${second}" PARENT_SCOPE)
endfunction()

# count(<variable> <text> <piece>)
function(count variable text piece)
  string(REPLACE "${piece}" "" without "${text}")
  string(LENGTH "${text}" length)
  string(LENGTH "${without}" rest)
  string(LENGTH "${piece}" each)
  math(EXPR times "(${length} - ${rest}) / ${each}")
  set(${variable} ${times} PARENT_SCOPE)
endfunction()

file(GLOB files RELATIVE ${FROM} ${FROM}/*.hpp ${FROM}/*.cpp)
foreach(file IN LISTS files)
  file(READ ${FROM}/${file} original_${file})
  set(copy_${file} "${original_${file}}")
endforeach()

file(READ ${FAULTS} list)
take(comment list "${list}" "\n== ")
set(names "")
set(table "")
string(APPEND list "\n== ")
while(NOT list STREQUAL "")
  take(fault list "${list}" "\n== ")
  take(name fault "${fault}" "\n")
  take(sentence fault "${fault}" "\n-- ")
  take(file fault "${fault}" "\n")
  take(text instead "${fault}" "\n-- instead")
  string(STRIP "${text}" text)
  string(STRIP "${instead}" instead)
  string(REPLACE "\n" " " sentence "${sentence}")
  string(MAKE_C_IDENTIFIER "${name}" identifier)

  count(times "${original_${file}}" "${text}")
  if(NOT times EQUAL 1)
    message(FATAL_ERROR "${FAULTS}: the text of \"${name}\" is found ${times} times in ${file}, not once:\n${text}")
  endif()
  # Statements become an if, expressions a conditional.
  if(text MATCHES "[;}]$")
    set(planted "if (planted::on(planted::${identifier})) { ${instead} } else { ${text} }")
  else()
    set(planted "(planted::on(planted::${identifier}) ? (${instead}) : (${text}))")
  endif()
  string(REPLACE "${text}" "${planted}" copy_${file} "${copy_${file}}")
  string(APPEND names "  ${identifier},\n")
  string(APPEND table "    {\"${name}\", \"${sentence}\"},\n")
endwhile()

foreach(file IN LISTS files)
  string(PREPEND copy_${file} "#include \"${HEADER}\"\n")
  file(WRITE ${TO}/${file} "${copy_${file}}")
endforeach()
file(WRITE ${TO}/planted.hpp "#pragma once

namespace tidewire::planted {

enum Which {
${names}};

struct Fault {
  const char* name;
  const char* sentence;
};
inline constexpr Fault kFaults[] = {
${table}};

// None is planted.
inline int active = -1;
inline bool on(Which which) { return active == which; }

}  // namespace tidewire::planted
")
