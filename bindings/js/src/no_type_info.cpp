// The type information of libc++'s own classes refers to these tables, whose functions compare types for `catch` and
// `dynamic_cast`. This wasm has neither, so the tables have no entry that anything calls, and those functions are not
// linked.

extern "C" {
extern const void* const tidewire_class[3] __asm__("_ZTVN10__cxxabiv117__class_type_infoE");
extern const void* const tidewire_derived[3] __asm__("_ZTVN10__cxxabiv120__si_class_type_infoE");
extern const void* const tidewire_several[3] __asm__("_ZTVN10__cxxabiv121__vmi_class_type_infoE");

const void* const tidewire_class[3] = {};
const void* const tidewire_derived[3] = {};
const void* const tidewire_several[3] = {};
}
