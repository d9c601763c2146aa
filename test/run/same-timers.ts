// Files of a worker share its globals. Once a file has ended, Vitest puts back what its spies found: of a timer that was faked when
// it was spied on, that is the fake, at which all polling of later files would stop. Each file begins with the timers of the first.
const NAMES = ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'Date'] as const
const shared = globalThis as { timersOfFirst?: readonly unknown[] }
shared.timersOfFirst ??= NAMES.map((name) => globalThis[name])
for (const [at, name] of NAMES.entries()) Reflect.set(globalThis, name, shared.timersOfFirst[at])
