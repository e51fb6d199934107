# Replays the committed corpus, then tries fresh inputs for two seconds; `./dev fuzz` does so for longer. New inputs go to a
# scratch folder, never to the corpus.
# libFuzzer prints the seed; TIDEWIRE_FUZZ_SEED in the environment repeats a run.

set(seed 0)
if(DEFINED ENV{TIDEWIRE_FUZZ_SEED})
  set(seed $ENV{TIDEWIRE_FUZZ_SEED})
endif()

file(REMOVE_RECURSE ${SCRATCH})
file(MAKE_DIRECTORY ${SCRATCH}/found)

file(GLOB inputs ${CORPUS}/*)
if(NOT inputs)
  message(FATAL_ERROR "No corpus in ${CORPUS}")
endif()
execute_process(COMMAND ${FUZZER} -artifact_prefix=${SCRATCH}/ ${inputs} COMMAND_ERROR_IS_FATAL ANY)
execute_process(
  COMMAND ${FUZZER} -runs=20000 -max_total_time=2 -seed=${seed} -max_len=4096 -artifact_prefix=${SCRATCH}/
          ${SCRATCH}/found ${CORPUS}
  COMMAND_ERROR_IS_FATAL ANY)
