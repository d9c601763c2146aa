import { issuePath, type SchemaIssue, type Subscription } from '../subscription.ts'
import { errorText, isA, memberOf, textOf } from '../../errors.ts'
import type { Claim, Outcome } from '../../inbox/inbox.ts'
import type { TaskError } from '../../inbox/view.ts'
import type { AttemptInfo, Planned } from '../../observe/infos.ts'
import { exponential } from '../retry.ts'
import { attemptInfo, type RunContext } from './run-context.ts'

/**
 * Returns the outcome of a run that threw. The thrown error can ask for an outcome; otherwise the retry policy decides.
 */
export function failed(
  context: RunContext,
  claim: Claim,
  subscription: Subscription,
  error: unknown,
  signal: AbortSignal | undefined,
  task?: { readonly lost: boolean },
): Outcome {
  const info = attemptInfo(context, claim)
  // After an abort, the error comes from closing the receiver or losing the claim. So the attempt does not count.
  const postponed =
    signal?.aborted === true || task?.lost === true
      ? 0
      : (delayOf(context, error, 'PostponeError') ?? claim.conflict?.(error))
  if (postponed !== undefined) {
    const at = context.now() + postponed
    context.observer.postponed?.(info, at)
    return { kind: 'postpone', at }
  }
  const stored = taskError(error)
  const planned: Planned =
    stored.name === 'UnrecoverableError' ||
    isA(error, SchemaMismatch) ||
    info.attempt >= subscription.retry.attempts
      ? { kind: 'dead' }
      : { kind: 'retry', at: context.now() + waitOf(context, info, subscription, error) }
  context.observer.attemptFailed?.(info, error, planned)
  return { ...planned, error: stored }
}

function waitOf(
  context: RunContext,
  info: AttemptInfo,
  subscription: Subscription,
  error: unknown,
): number {
  const asked = delayOf(context, error, 'RetryAfterError')
  if (asked === undefined) return policyWait(context, info, subscription)
  return memberOf(error, 'atLeast') === true
    ? Math.max(asked, policyWait(context, info, subscription))
    : asked
}

function policyWait(context: RunContext, info: AttemptInfo, { name, retry }: Subscription): number {
  try {
    const wait = retry.delay(info.attempt)
    if (wait >= 0 && wait < Infinity) return Math.min(wait, LONGEST)
    throw new TypeError(`its delay returned ${String(wait)}`)
  } catch (failure) {
    context.observer.warning?.(
      context.receiver,
      `the retry policy of ${name} failed, so the default one is used: ${errorText(failure)}`,
    )
    return exponential().delay(info.attempt)
  }
}

// Maximum wait, in milliseconds. A longer wait is a mistake: 1e17 ms are three million years.
const LONGEST = 365 * 86_400_000

/**
 * Returns the wait of a `RetryAfterError` or `PostponeError`, in milliseconds. The error is recognized by its name,
 * since another copy of the package may have created it.
 */
function delayOf(
  context: RunContext,
  error: unknown,
  name: 'RetryAfterError' | 'PostponeError',
): number | undefined {
  if (textOf(error, 'name') !== name) return undefined
  const delay = memberOf(error, 'delay')
  if (typeof delay !== 'number' || !(delay >= 0)) return undefined
  if (delay <= LONGEST) return delay
  context.observer.warning?.(
    context.receiver,
    `${name} asked for ${delay} ms, more than a year; the next attempt is in a year`,
  )
  return LONGEST
}

// Maximum length of stored texts, in characters: a message may quote a body of 20 MB.
const NAME = 200
const MESSAGE = 8_192
const STACK = 16_384
const ISSUES = 100

// Stored codes are only constants of programs, such as ENOENT. Other codes may be part of a payload, and codes are
// shown to people who must not see payloads.
const CODE = /^(?:[A-Z][A-Z\d_]{1,63}|[A-Z\d]{5})$/

/** The error of a payload that does not match the subscription's schema. A retry cannot help, so the task is dead. */
export class SchemaMismatch extends Error {
  override readonly name = 'SchemaMismatch'
  readonly issues: readonly SchemaIssue[]

  constructor(issues: readonly SchemaIssue[]) {
    // The message names only paths in the payload: messages are logged, and the messages of a schema may quote a value.
    super(
      `the payload does not match the schema at ${issues.map((issue) => placeOf(issue) || 'its root').join(', ')}`,
    )
    this.issues = issues
  }
}

/**
 * Returns the stored form of any thrown value. Never throws, even if a property throws, a proxy is revoked or a value
 * cannot become a string. Long strings are shortened, and end with the number of omitted characters.
 */
function taskError(thrown: unknown): TaskError {
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
  return isA(thrown, SchemaMismatch)
    ? thrown.issues.slice(0, ISSUES).map((issue) => ({
        message: cut(textOf(issue, 'message') ?? 'no text', MESSAGE),
        path: placeOf(issue),
      }))
    : undefined
}

function placeOf(issue: SchemaIssue): string {
  try {
    return issuePath(issue)
  } catch {
    return ''
  }
}

function cut(text: string, length: number): string {
  return text.length <= length
    ? text
    : `${text.slice(0, length)}… (${text.length - length} characters left out)`
}
