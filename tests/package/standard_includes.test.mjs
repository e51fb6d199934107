// Each file of the library includes the headers of the standard library that it uses, itself or by way of our own headers:
// not every standard library's headers include each other alike, and a precompiled header hides what is missing.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = ['sdk', 'platform', 'bindings/js/src', 'server'];

/** Names of namespace std by header; with several headers, any of them has the names. */
const NAMES = {
  algorithm: `all_of any_of clamp copy copy_if copy_n count count_if equal fill fill_n find find_if find_if_not for_each
    is_sorted lower_bound make_heap max max_element min min_element mismatch none_of partition pop_heap push_heap
    ranges::all_of ranges::any_of ranges::copy ranges::count ranges::count_if ranges::equal ranges::find ranges::find_if
    ranges::for_each ranges::lower_bound ranges::max ranges::max_element ranges::min ranges::min_element ranges::none_of
    ranges::replace ranges::sort ranges::upper_bound remove_if replace reverse rotate search sort sort_heap stable_sort
    transform unique upper_bound`,
  array: 'array',
  atomic: `atomic atomic_bool atomic_flag memory_order_acq_rel memory_order_acquire memory_order_relaxed
    memory_order_release memory_order_seq_cst`,
  bit: 'bit_cast bit_ceil bit_floor bit_width countl_zero countr_zero endian has_single_bit popcount rotl rotr',
  charconv: 'from_chars to_chars',
  chrono: 'chrono',
  cmath: 'ceil exp floor fmod isfinite isnan log log2 lround pow round sqrt trunc',
  concepts: `constructible_from convertible_to copyable default_initializable derived_from equality_comparable integral
    invocable movable move_constructible regular same_as unsigned_integral`,
  condition_variable: 'condition_variable condition_variable_any cv_status',
  coroutine: 'coroutine_handle noop_coroutine suspend_always suspend_never',
  cstddef: 'byte max_align_t nullptr_t ptrdiff_t to_integer',
  cstdint: `int16_t int32_t int64_t int8_t intmax_t intptr_t uint16_t uint32_t uint64_t uint8_t uintmax_t uintptr_t`,
  cstdio: 'fclose fflush fopen fprintf fputs fread fwrite printf snprintf',
  cstdlib: 'abort atexit calloc exit free getenv malloc realloc strtol strtoul',
  cstring: 'memchr memcmp memcpy memmove memset strcmp strerror strlen',
  ctime: 'gmtime time time_t tm',
  deque: 'deque',
  exception: 'exception terminate uncaught_exceptions',
  fstream: 'fstream ifstream ofstream',
  functional: 'bind_front equal_to function greater hash invoke less not_fn plus reference_wrapper',
  iomanip: 'setfill setw',
  iostream: 'cerr cin cout',
  iterator: 'advance back_inserter distance istreambuf_iterator make_move_iterator next prev',
  limits: 'numeric_limits',
  list: 'list',
  map: 'map multimap',
  memory: `addressof allocator allocator_arg align construct_at destroy_at destroy_n enable_shared_from_this make_shared
    make_unique pointer_traits shared_ptr unique_ptr uninitialized_move_n weak_ptr`,
  mutex: 'call_once lock_guard mutex once_flag recursive_mutex scoped_lock unique_lock',
  new: 'bad_alloc launder nothrow',
  numbers: 'numbers',
  numeric: 'accumulate iota reduce',
  optional: 'make_optional nullopt nullopt_t optional',
  random: 'mt19937 random_device uniform_int_distribution',
  ranges: `ranges::contiguous_range ranges::data ranges::range_value_t ranges::size ranges::sized_range views`,
  'chrono ratio': 'micro milli nano',
  ratio: 'ratio',
  set: 'multiset set',
  span: 'as_bytes as_writable_bytes dynamic_extent span',
  sstream: 'istringstream ostringstream stringstream',
  stdexcept: 'invalid_argument logic_error out_of_range runtime_error',
  string: 'basic_string char_traits getline stoi stoul string string_literals to_string',
  string_view: 'string_view string_view_literals',
  'system_error cerrno': 'errc error_code generic_category system_category system_error',
  thread: 'this_thread thread',
  tuple: 'apply forward_as_tuple ignore make_tuple tie tuple',
  'type_traits concepts': `add_pointer_t conditional_t decay_t enable_if_t false_type integral_constant invoke_result_t
    is_arithmetic_v is_base_of_v is_class_v is_constructible_v is_convertible_v
    is_default_constructible_v is_empty_v is_enum_v
    is_floating_point_v is_integral_v is_invocable_v is_nothrow_constructible_v is_nothrow_move_constructible_v
    is_same_v is_trivially_copyable_v is_unsigned_v is_void_v remove_const_t remove_cvref_t remove_reference_t true_type
    underlying_type_t void_t`,
  typeinfo: 'type_info',
  unordered_map: 'unordered_map unordered_multimap',
  unordered_set: 'unordered_set',
  utility: 'as_const declval exchange forward in_place in_place_t in_place_type integer_sequence move pair swap',
  variant: 'get_if holds_alternative in_place_index monostate variant variant_alternative_t variant_size_v visit',
  vector: 'vector',
  // Declared by several.
  'cctype locale': 'isalnum isalpha isdigit isspace isxdigit tolower toupper',
  'array tuple utility variant': 'get',
  'array iterator map span string string_view vector': 'begin data empty end rbegin rend size',
  'deque list string vector map': 'erase erase_if',
  'cstddef cstdint cstdio cstdlib cstring ctime': 'size_t',
  'ios fstream iostream sstream': 'hex ios ios_base streamsize',
  'istream iostream fstream sstream': 'istream',
  'ostream iostream fstream sstream': 'flush ostream',
};

const HEADERS = new Map();
for (const [headers, names] of Object.entries(NAMES)) {
  for (const name of names.split(/\s+/)) HEADERS.set(name, headers.split(' '));
}

const isSource = (file) => /\.(cpp|hpp)$/.test(file);
const filesIn = (folder) =>
  readdirSync(path.join(ROOT, folder), { recursive: true })
    .filter(isSource)
    .map((file) => path.join(folder, file));

const withoutComments = (text) => text.replace(/"(?:\\.|[^"\\\n])*"|\/\/.*|\/\*[^]*?\*\//g, (found) =>
  found.startsWith('"') ? '""' : '');

const texts = new Map();
function textOf(file) {
  if (!texts.has(file)) texts.set(file, readFileSync(path.join(ROOT, file), 'utf8'));
  return texts.get(file);
}

/** The files that a quoted include may mean, one or one of each platform; none where the build makes it. */
function targetsOf(file, name) {
  const own = [path.dirname(file), 'sdk/include', 'sdk/src', 'bindings/js/src', '.'];
  const there = (folder) => existsSync(path.join(ROOT, folder, name));
  const folder = own.find(there);
  const folders = folder === undefined ? ['platform/native', 'platform/web'].filter(there) : [folder];
  return folders.map((each) => path.join(each, name));
}

/** The standard's headers that `file` includes, itself or by way of our own. */
function headersOf(file, seen = new Set()) {
  if (seen.has(file)) return new Set();
  seen.add(file);
  const headers = new Set();
  for (const [, quote, name] of textOf(file).matchAll(/^\s*#\s*include\s*([<"])([^>"]+)[>"]/gm)) {
    const isOurs = quote === '"' || name.startsWith('tidewire/');
    const further = isOurs ? targetsOf(file, name).flatMap((target) => [...headersOf(target, seen)]) : [name];
    further.forEach((header) => headers.add(header));
  }
  return headers;
}

function namesIn(text) {
  const names = withoutComments(text).matchAll(/\bstd::((?:ranges::)?(?!__)\w+)/g);
  return new Set([...names].map(([, name]) => name));
}

/** What is wrong with a file, a line each. */
function faultsOf(file) {
  const headers = headersOf(file);
  return [...namesIn(textOf(file))].flatMap((name) => {
    const known = HEADERS.get(name);
    if (known === undefined) return [`${file}: std::${name} is not in this test's table`];
    return known.some((header) => headers.has(header)) ? [] : [`${file}: std::${name} needs <${known.join('> or <')}>`];
  });
}

test('standard includes: each file has the headers of the names that it uses', () => {
  const files = FOLDERS.flatMap(filesIn);
  assert.ok(files.length > 200, `${files.length} files`);
  assert.deepEqual(files.flatMap(faultsOf), []);
});
