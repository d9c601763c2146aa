// Restores the original timers before each test file, because the files of a worker share globals. When a file ends,
// Vitest restores what its spies replaced. If a timer was fake when it was spied on, Vitest restores the fake. All
// polling in later files would then hang.
const NAMES = ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'Date'] as const
const shared = globalThis as { timersOfFirst?: readonly unknown[] }
shared.timersOfFirst ??= NAMES.map((name) => globalThis[name])
for (const [at, name] of NAMES.entries()) Reflect.set(globalThis, name, shared.timersOfFirst[at])
