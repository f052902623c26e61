// The program that a kernel runs in, apart from the notebook.
//
//   helper RESULT REPORT 0         run it twice, among guard pages; write both outputs
//   helper RESULT REPORT ROUNDS    measure it, by turns with the course's own function where there is one; write its
//                                  output
//
// The arguments come in on file 0. RESULT is the number of the open file for outputs, REPORT of that for what happens,
// in lines of words; faults.py and running.py read them.
#include <cxxabi.h>
#include <execinfo.h>
#include <fcntl.h>
#ifdef __linux__
#include <malloc.h>
#endif
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <ucontext.h>
#endif

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <initializer_list>
#include <typeinfo>

// Written by signature.py: call the kernel, and the course's own function, with pointers to the arguments.
namespace pixelwise {
void call_kernel(void* const* at);
void call_reference(void* const* at);
extern const bool has_reference;
}  // namespace pixelwise

namespace {

using pixelwise::call_kernel, pixelwise::call_reference, pixelwise::has_reference;

constexpr int kMaxSlots = 32, kMaxFrames = 64;
constexpr std::uint32_t kUnset = 0x7f80dead;  // a float NaN that no calculation makes
constexpr long kSeconds = 2;                  // of processor time, for a call
constexpr unsigned kLongest = 600;            // seconds until it ends where the notebook that started it is gone
constexpr double kRound = 2e-3;               // seconds that a round of measurements lasts at least
constexpr double kEnough = 1.0;               // seconds of measurements after which no round begins

struct Slot {
  std::uint64_t bytes;
  std::uint64_t kind;  // kScalar, kInput, kOutput
};
enum : std::uint64_t { kScalar, kInput, kOutput };

int result_file, report_file, slot_count;
Slot slots[kMaxSlots];
unsigned char* values[kMaxSlots];  // what was read, unprotected
void* at[kMaxSlots];               // what the kernel is given
bool running;                      // whether the kernel is

[[noreturn]] void give_up(const char* why) {
  std::fprintf(stderr, "%s\n", why);
  _exit(70);
}

// Write one line about what happens; may be called in a signal handler.
void report(const char* format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  int length = std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (length >= static_cast<int>(sizeof line)) length = sizeof line - 1;
  if (report_file > 0 && write(report_file, line, length) != length) _exit(71);
}

// Write where in the program this is: from the innermost call to main(), with the place of the fault itself if known.
[[noreturn]] void report_frames(std::uintptr_t place) {
  void* frames[kMaxFrames];
  const int count = backtrace(frames, kMaxFrames);
  report("place %zx\n", static_cast<std::size_t>(place));
  for (int i = 0; i < count; ++i) report("frame %zx\n", reinterpret_cast<std::size_t>(frames[i]));
  running = false;
  _exit(72);
}

std::uintptr_t place_in(const void* context) {
#if defined(__linux__) && defined(__x86_64__)
  return static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP];
#elif defined(__linux__) && defined(__aarch64__)
  return static_cast<const ucontext_t*>(context)->uc_mcontext.pc;
#else
  return 0;
#endif
}

const char* access_in(const void* context) {
#if defined(__linux__) && defined(__x86_64__)
  return static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_ERR] & 2 ? "write" : "read";
#else
  return "use";
#endif
}

void on_signal(int number, siginfo_t* info, void* context) {
  if (!running) _exit(73);
  switch (number) {
    case SIGSEGV:
    case SIGBUS:
      report("memory %s %zx\n", access_in(context), reinterpret_cast<std::size_t>(info->si_addr));
      break;
    case SIGPROF:
      report("endless\n");
      break;
    case SIGXFSZ:
      report("output\n");
      break;
    case SIGABRT:
      report("abort\n");
      break;
    default:
      report("signal %d\n", number);
  }
  report_frames(place_in(context));
}

void on_exit() {
  if (!running) return;
  report("exit\n");
  report_frames(0);
}

[[noreturn]] void on_terminate() {
  const char* type = "";
  const char* what = "";
  if (const std::type_info* thrown = abi::__cxa_current_exception_type()) {
    int status;
    const char* readable = abi::__cxa_demangle(thrown->name(), nullptr, nullptr, &status);
    type = readable ? readable : thrown->name();
    try {
      std::rethrow_exception(std::current_exception());
    } catch (const std::exception& error) {
      what = error.what();
    } catch (...) {
    }
  }
  report("throw %.100s\n", type);
  report("what %.300s\n", what);
  report_frames(0);
}

void watch() {
  alarm(kLongest);
  static unsigned char stack[1 << 16];
  stack_t alternate = {};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action = {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGPROF, SIGXFSZ}) {
    sigaction(number, &action, nullptr);
  }
  std::set_terminate(on_terminate);
  std::atexit(on_exit);
#ifndef __APPLE__
  std::at_quick_exit(on_exit);
#endif
  void* frames[1];
  backtrace(frames, 1);  // loads a library, which no signal handler may
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_NPROC, &none);
}

void limit_time(long seconds) {
  itimerval timer = {};
  timer.it_value.tv_sec = seconds;
  setitimer(ITIMER_PROF, &timer, nullptr);
}

std::size_t page() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

void read_all(void* to, std::size_t bytes) {
  auto* next = static_cast<unsigned char*>(to);
  while (bytes > 0) {
    const ssize_t got = read(0, next, bytes);
    if (got <= 0) give_up("the arguments are incomplete");
    next += got;
    bytes -= static_cast<std::size_t>(got);
  }
}

void write_all(const void* from, std::size_t bytes) {
  const auto* next = static_cast<const unsigned char*>(from);
  while (bytes > 0) {
    const ssize_t done = write(result_file, next, bytes);
    if (done <= 0) give_up("the output cannot be written");
    next += done;
    bytes -= static_cast<std::size_t>(done);
  }
}

void* map_memory(std::size_t bytes, int protection) {
  void* memory = mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

void read_arguments() {
  std::uint64_t count;
  read_all(&count, sizeof count);
  if (count > kMaxSlots) give_up("there are too many arguments");
  slot_count = static_cast<int>(count);
  read_all(slots, count * sizeof(Slot));
  for (int i = 0; i < slot_count; ++i) {
    values[i] = static_cast<unsigned char*>(map_memory(slots[i].bytes + page(), PROT_READ | PROT_WRITE));
    if (values[i] == nullptr) give_up("there is not enough memory for the arguments");
    if (slots[i].kind != kOutput) read_all(values[i], slots[i].bytes);
  }
}

void unset(void* memory, std::size_t bytes) {
  for (std::size_t i = 0; i + sizeof kUnset <= bytes; i += sizeof kUnset) {
    std::memcpy(static_cast<unsigned char*>(memory) + i, &kUnset, sizeof kUnset);
  }
}

// Copy an array to memory between two guards that no program may touch, flush with the first or with the second: so
// an access right before the array faults in one call, and one right after it in the other.
void guard(int slot, bool against_the_second) {
  const std::size_t bytes = slots[slot].bytes, whole = (bytes + page() - 1) / page() * page();
  for (std::size_t width : {std::size_t(1) << 30, std::size_t(1) << 20}) {
    auto* memory = static_cast<unsigned char*>(map_memory(whole + 2 * width, PROT_NONE));
    if (memory == nullptr) continue;
    unsigned char* inside = memory + width;
    if (whole > 0 && mprotect(inside, whole, PROT_READ | PROT_WRITE) != 0) break;
    unsigned char* start = against_the_second ? inside + whole - bytes : inside;
    unset(inside, static_cast<std::size_t>(start - inside));
    unset(start + bytes, static_cast<std::size_t>(inside + whole - start) - bytes);
    if (slots[slot].kind == kOutput) {
      unset(start, bytes);
    } else {
      std::memcpy(start, values[slot], bytes);
      if (whole > 0) mprotect(inside, whole, PROT_READ);
    }
    report("array %d %zx\n", slot, reinterpret_cast<std::size_t>(start));
    at[slot] = start;
    return;
  }
  give_up("there is not enough memory for the arguments");
}

// Fill the stack, and with glibc the memory that is allocated next, with a byte. It differs between the two calls, so
// a kernel that reads what it never set gives different values.
__attribute__((noinline)) void paint(int byte) {
#ifdef __GLIBC__
  mallopt(M_PERTURB, byte ^ 0xff);
#endif
  unsigned char local[1 << 14];
  std::memset(local, byte, sizeof local);
  __asm__ volatile("" : : "r"(local) : "memory");
}

void check(bool against_the_second) {
  for (int i = 0; i < slot_count; ++i) {
    at[i] = values[i];
    if (slots[i].kind != kScalar) guard(i, against_the_second);
  }
  report("called\n");
  limit_time(kSeconds);
  running = true;
  paint(against_the_second ? 0xff : 0x4b);  // as numbers, NaN and -1 or 13323083 and 1263225675
  call_kernel(at);
  running = false;
  limit_time(0);
  for (int i = 0; i < slot_count; ++i) {
    if (slots[i].kind == kOutput) write_all(at[i], slots[i].bytes);
  }
  report("returned\n");
}

double processor_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Seconds of one call, from as many calls as are given.
double measure(void (*call)(void* const*), long calls) {
  for (int i = 0; i < slot_count; ++i) {
    if (slots[i].kind == kOutput) unset(at[i], slots[i].bytes);
  }
  const double start = processor_seconds();
  for (long i = 0; i < calls; ++i) call(at);
  return (processor_seconds() - start) / static_cast<double>(calls);
}

void race(int rounds) {
  for (int i = 0; i < slot_count; ++i) at[i] = values[i];
  void (*const ways[])(void* const*) = {call_reference, call_kernel};
  double best[2] = {0, 0};
  long calls[2];
  report("called\n");
  running = true;
  for (int way = has_reference ? 0 : 1; way < 2; ++way) {
    best[way] = measure(ways[way], 1);
    calls[way] = best[way] < kRound ? static_cast<long>(kRound / (best[way] + 1e-9)) + 1 : 1;
  }
  const double end = processor_seconds() + kEnough;
  for (int round = 0; round < rounds && (round == 0 || processor_seconds() < end); ++round) {
    for (int way = has_reference ? 0 : 1; way < 2; ++way) {
      const double seconds = measure(ways[way], calls[way]);
      if (round == 0 || seconds < best[way]) best[way] = seconds;
    }
  }
  running = false;
  for (int i = 0; i < slot_count; ++i) {
    if (slots[i].kind == kOutput) write_all(at[i], slots[i].bytes);
  }
  report("seconds %.9g %.9g\n", best[1], best[0]);
  report("returned\n");
}

}  // namespace

// What a compiler calls where it finds undefined behavior. All data begin with the place in the source.
struct SourceLocation {
  const char* file;
  std::uint32_t line, column;
};

[[noreturn]] static void undefined(const char* kind, const SourceLocation* location) {
  report("undefined %s %u %.200s\n", kind, location->line, location->file ? location->file : "?");
  report_frames(0);
}

#define PIXELWISE_UNDEFINED(kind)                                                                                    \
  extern "C" [[noreturn]] void __ubsan_handle_##kind(const SourceLocation* location) { undefined(#kind, location); } \
  extern "C" [[noreturn]] void __ubsan_handle_##kind##_abort(const SourceLocation* location) {                       \
    undefined(#kind, location);                                                                                      \
  }

PIXELWISE_UNDEFINED(add_overflow)
PIXELWISE_UNDEFINED(sub_overflow)
PIXELWISE_UNDEFINED(mul_overflow)
PIXELWISE_UNDEFINED(negate_overflow)
PIXELWISE_UNDEFINED(divrem_overflow)
PIXELWISE_UNDEFINED(shift_out_of_bounds)
PIXELWISE_UNDEFINED(out_of_bounds)
PIXELWISE_UNDEFINED(builtin_unreachable)
PIXELWISE_UNDEFINED(missing_return)
PIXELWISE_UNDEFINED(vla_bound_not_positive)
PIXELWISE_UNDEFINED(load_invalid_value)
PIXELWISE_UNDEFINED(nonnull_arg)
PIXELWISE_UNDEFINED(pointer_overflow)
PIXELWISE_UNDEFINED(float_cast_overflow)
PIXELWISE_UNDEFINED(invalid_builtin)
PIXELWISE_UNDEFINED(function_type_mismatch)
PIXELWISE_UNDEFINED(function_type_mismatch_v1)
PIXELWISE_UNDEFINED(alignment_assumption)

extern "C" [[noreturn]] void __ubsan_handle_type_mismatch_v1(const SourceLocation* location, std::uintptr_t pointer) {
  undefined(pointer == 0 ? "null" : "misaligned", location);
}
extern "C" [[noreturn]] void __ubsan_handle_type_mismatch_v1_abort(const SourceLocation* location,
                                                                   std::uintptr_t pointer) {
  undefined(pointer == 0 ? "null" : "misaligned", location);
}
extern "C" [[noreturn]] void __ubsan_handle_nonnull_return_v1(const void*, const SourceLocation* location) {
  undefined("nonnull_return", location);
}
extern "C" [[noreturn]] void __ubsan_handle_nonnull_return_v1_abort(const void*, const SourceLocation* location) {
  undefined("nonnull_return", location);
}

int main(int count, char** words) {
  if (count != 4) give_up("expected: helper RESULT REPORT ROUNDS");
  result_file = std::atoi(words[1]);
  report_file = std::atoi(words[2]);
  const int rounds = std::atoi(words[3]);
  std::setvbuf(stdout, nullptr, _IOLBF, 1 << 12);
  report("stack %zx\n", reinterpret_cast<std::size_t>(&count));
  watch();
  read_arguments();
  if (rounds > 0) {
    race(rounds);
  } else {
    check(true);
    std::fflush(stdout);
    dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);  // what it prints has been seen
    check(false);
  }
  return 0;
}
