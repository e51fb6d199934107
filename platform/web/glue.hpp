#pragma once

#include <cstddef>
#include <cstdint>

// Functions of glue.js. A slot is the number of a payload in JavaScript's table; slot 0 is the empty text. Text is
// UTF-8, given by pointer and length, so that NUL is a character like any other.
//
// With -sMEMORY64 pointers and sizes would arrive there as BigInts. library_tidewire.js.in refuses it at link time.
static_assert(sizeof(void*) == 4, "Tidewire does not work with -sMEMORY64: compile without that option");

extern "C" {
double tidewire_js_now();
double tidewire_js_wall_now();
void tidewire_js_watch(int on);
std::uint32_t tidewire_js_random();
void tidewire_js_request_turn();
void tidewire_js_set_timer(double delayMs);

std::uint32_t tidewire_js_hold_text(const char* text, std::size_t length);
std::uint32_t tidewire_js_hold_bytes(const void* bytes, std::size_t length);
void tidewire_js_release(std::uint32_t slot);
std::uint32_t tidewire_js_duplicate(std::uint32_t slot);
std::size_t tidewire_js_load(std::uint32_t slot);
void tidewire_js_copy_loaded(void* destination);

std::uint32_t tidewire_js_hold_quoted(const char* text, std::size_t length);
std::uint32_t tidewire_js_read_messages(std::uint32_t slot, std::size_t maxHeadBytes);
void tidewire_js_next_message(std::uint32_t readerSlot, void* record);

void tidewire_js_socket_open(std::uint32_t handle, const char* url, std::size_t urlLength, const char* protocols,
                             std::size_t protocolsLength, std::size_t maxBytes);
double tidewire_js_socket_buffered(std::uint32_t handle);
void tidewire_js_socket_await_buffered(std::uint32_t handle, std::size_t most);
void tidewire_js_socket_send(std::uint32_t handle, std::uint32_t slot);
void tidewire_js_socket_close(std::uint32_t handle, int code, const char* reason, std::size_t reasonLength);
void tidewire_js_socket_abort(std::uint32_t handle);
}
