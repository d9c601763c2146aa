import { nearest } from '@postern/core/engine'
import { Failure } from '../print/say.ts'

export function numberOption(name: string, text: string): number {
  const value = text.trim() === '' ? NaN : Number(text)
  if (!(value > 0 && value < Infinity))
    throw new Failure(2, `${name} must be a number above 0, got ${text}`)
  return value
}

export function countOption(name: string, text: string): number {
  const value = numberOption(name, text)
  if (!Number.isSafeInteger(value))
    throw new Failure(2, `${name} must be a whole number above 0, got ${text}`)
  return value
}

/** Parses the value of `--port`. 0 means any free port. */
export function portOption(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN
  if (!(value <= 65_535))
    throw new Failure(2, `--port must be a whole number from 0 to 65535, got ${text}`)
  return value
}

export function requireWebUrl(name: string, text: string): void {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new Failure(2, `${name} must be an http or https URL, got ${text}`)
}

/** Throws if the value of an option is not an http URL of this machine. */
export function requireThisMachine(name: string, text: string): void {
  requireWebUrl(name, text)
  if (isThisMachine(text) && new URL(text).protocol === 'http:') return
  throw new Failure(
    2,
    `${name} must be an http URL of this machine, as http://localhost:3000/, got ${text}`,
  )
}

export function isThisMachine(url: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\]|.+\.localhost)$/.test(new URL(url).hostname)
}

/** Throws if the value of an option is not in the list. The error suggests a similar name. */
export function requireOneOf<Name extends string>(
  name: string,
  text: string,
  all: readonly Name[],
): asserts text is Name {
  if ((all as readonly string[]).includes(text)) return
  throw new Failure(2, `${name} must be one of ${all.join(', ')}, got ${text}${meant(text, all)}`)
}

/** Returns `; did you mean <name>?` if a name is similar, otherwise an empty string. */
export function meant(text: string, all: readonly string[]): string {
  const near = nearest(text, all)
  return near === undefined ? '' : `; did you mean ${near}?`
}
