import { hosts, type Framework } from '../hosts.ts'

/**
 * Returns the version range of the framework to install. Undefined if the range in package.json already allows a
 * supported version, or cannot be parsed.
 */
export function raised(framework: Framework, range: string): string | undefined {
  const [, sign, numbers] = /^([~^]?)v?(\d+(?:\.(?:\d+|x))*)/.exec(range.trim()) ?? []
  if (numbers === undefined || range.includes('||')) return undefined
  const [major = 0, minor = Infinity, patch = Infinity] = numbers
    .split('.')
    .map((part) => (part === 'x' ? Infinity : Number(part)))
  const highest =
    sign === '^'
      ? [major, Infinity, Infinity]
      : sign === '~'
        ? [major, minor, Infinity]
        : [major, minor, patch]
  const least = hosts[framework].framework!.least.find((one) => Number.parseInt(one) >= major)
  if (least === undefined || isAtLeast(highest, least.split('.').map(Number))) return undefined
  return `^${least}`
}

function isAtLeast(have: readonly number[], want: readonly number[]): boolean {
  const at = want.findIndex((part, index) => part !== have[index])
  return at < 0 || have[at]! > want[at]!
}
