import type { Framework } from './project.ts'

/** The least version of each framework that its adapter takes, by major version. A test compares them with the packages. */
export const LEAST: Readonly<Record<Framework, readonly string[]>> = {
  express: ['4.21.0', '5.0.0'],
  koa: ['2.16.0', '3.0.0'],
  fastify: ['5.0.0'],
  hono: ['4.0.0'],
  next: ['15.0.0'],
}

/**
 * The range to install beside the adapter, if the one in `package.json` allows no version that the adapter takes.
 * Undefined if it does, or if that cannot be told.
 */
export function raised(framework: Framework, range: string): string | undefined {
  const [, sign, numbers] = /^([~^]?)v?(\d+(?:\.(?:\d+|x))*)/.exec(range.trim()) ?? []
  if (numbers === undefined || range.includes('||')) return undefined
  const [major = 0, minor = Infinity, patch = Infinity] = numbers
    .split('.')
    .map((part) => (part === 'x' ? Infinity : Number(part)))
  // The highest that the range allows.
  const highest =
    sign === '^'
      ? [major, Infinity, Infinity]
      : sign === '~'
        ? [major, minor, Infinity]
        : [major, minor, patch]
  const least = LEAST[framework].find((one) => Number.parseInt(one) >= major)
  if (least === undefined || isAtLeast(highest, least.split('.').map(Number))) return undefined
  return `^${least}`
}

function isAtLeast(have: readonly number[], want: readonly number[]): boolean {
  const at = want.findIndex((part, index) => part !== have[index])
  return at < 0 || have[at]! > want[at]!
}
