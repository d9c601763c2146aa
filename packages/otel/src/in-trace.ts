import { context, type Context } from '@opentelemetry/api'
import { HEARD, type AttemptInfo, type Heard, type Observer, type RequestInfo } from '@postern/core'

/** What finds the context that a call of an observer belongs to. */
interface Contexts {
  ofRequest(request: RequestInfo): Context | undefined
  ofAttempt(attempt: AttemptInfo): Context | undefined
}

/** Calls an observer's methods inside the span that each of them is about. */
export function inTrace(observer: Observer, contexts: Contexts): Observer {
  const wrapped: Record<string, unknown> = { ...observer }
  for (const [name, about] of Object.entries(HEARD) as [Heard, string][]) {
    if (about === 'receiver') continue
    const method = observer[name] as ((...args: unknown[]) => unknown) | undefined
    if (method)
      wrapped[name] = (...args: unknown[]) => {
        const found = contextOf(args, contexts)
        const call = (): unknown => method.apply(observer, args)
        return found ? context.with(found, call) : call()
      }
  }
  return wrapped as Observer
}

function contextOf(args: readonly unknown[], contexts: Contexts): Context | undefined {
  for (const arg of args) {
    if (typeof arg !== 'object' || arg === null) continue
    if ('task' in arg && 'receivedAt' in arg) return contexts.ofAttempt(arg as AttemptInfo)
    if ('bytes' in arg && 'started' in arg) return contexts.ofRequest(arg as RequestInfo)
  }
  return undefined
}
