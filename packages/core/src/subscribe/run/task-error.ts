import { issuePath, type SchemaIssue } from '../subscription.ts'
import { errorText, textOf } from '../../errors.ts'
import type { TaskError } from '../../inbox/view.ts'

// Characters that are stored: a message may quote a body of 20 MB.
const NAME = 200
const MESSAGE = 8_192
const STACK = 16_384
const ISSUES = 100

// A constant of a program. Anything else may be part of a payload, and codes are shown to who may see none.
const CODE = /^(?:[A-Z][A-Z\d_]{1,63}|[A-Z\d]{5})$/

/** The payload does not match the subscription's schema: trying again cannot help. */
export class SchemaMismatch extends Error {
  override readonly name = 'SchemaMismatch'
  readonly issues: readonly SchemaIssue[]

  constructor(issues: readonly SchemaIssue[]) {
    // Places only: messages are logged, and those of a schema may quote a value.
    super(
      `the payload does not match the schema at ${issues.map((issue) => placeOf(issue) || 'its root').join(', ')}`,
    )
    this.issues = issues
  }
}

/**
 * The stored form of any value that a handler threw. It never throws, even if a property throws, a proxy is revoked or
 * a value cannot become a string. Long strings are cut, with a mark.
 */
export function taskError(thrown: unknown): TaskError {
  const name = textOf(thrown, 'name')
  const message = textOf(thrown, 'message')
  const code = textOf(thrown, 'code')
  const stack = textOf(thrown, 'stack')
  const issues = issuesOf(thrown)
  return {
    name: cut(name || 'Error', NAME),
    message: cut(message ?? errorText(thrown), MESSAGE),
    ...(code !== undefined && CODE.test(code) && { code }),
    ...(stack !== undefined && { stack: cut(stack, STACK) }),
    ...(issues && { issues }),
  }
}

function issuesOf(thrown: unknown): TaskError['issues'] {
  return isMismatch(thrown)
    ? thrown.issues.slice(0, ISSUES).map((issue) => ({
        message: cut(textOf(issue, 'message') ?? 'no text', MESSAGE),
        path: placeOf(issue),
      }))
    : undefined
}

/** The place of an issue; empty if the schema's issue cannot be read. */
function placeOf(issue: SchemaIssue): string {
  try {
    return issuePath(issue)
  } catch {
    return ''
  }
}

/** True for a {@link SchemaMismatch}; false for a revoked proxy, on which `instanceof` throws. */
export function isMismatch(thrown: unknown): thrown is SchemaMismatch {
  try {
    return thrown instanceof SchemaMismatch
  } catch {
    return false
  }
}

function cut(text: string, length: number): string {
  return text.length <= length
    ? text
    : `${text.slice(0, length)}… (${text.length - length} characters left out)`
}
