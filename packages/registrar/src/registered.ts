import type { EndpointStatus, Plan, Registrar, Step, Want } from './registrar.ts'

/** What a sender has for one receiver. It holds no secret, and can be printed as JSON. */
export interface Registered {
  readonly provider: string
  readonly account: string
  readonly url: string
  /** The endpoints with this URL, and whether the sender delivers there. */
  readonly endpoints: readonly EndpointStatus[]
  /** What differs from the wanted, a sentence each; empty if the sender matches the code. */
  readonly differs: readonly string[]
}

/**
 * What is registered for a receiver, and how it differs from its topics: for pages and checks. It changes nothing, and reads
 * the sender's list twice.
 *
 * @throws RegistrarError if the sender cannot be asked.
 *
 * @example
 * const { endpoints, differs } = await registered(registrar, { url, topics: receiver.topics })
 */
export async function registered(registrar: Registrar, want: Want): Promise<Registered> {
  const { provider, account } = registrar
  const { url } = want
  const planned = await planOf(registrar, want)
  const endpoints = await registrar.status({ url })
  const differs = [
    ...(typeof planned === 'string' ? [planned] : differences(planned)),
    ...endpoints.filter(({ delivering }) => delivering === false).map(silent),
  ]
  return { provider, account, url, endpoints, differs }
}

/** The plan, or why there can be none: a receiver may have no topic that the API can subscribe to. */
async function planOf(registrar: Registrar, want: Want): Promise<Plan | string> {
  try {
    return await registrar.plan(want)
  } catch (error) {
    if (error instanceof TypeError) return error.message
    throw error
  }
}

function differences({ steps, map }: Plan): readonly string[] {
  return [
    ...steps.map(stepText),
    ...map.unknown.map((pattern) => `${pattern}: the sender has no such topic`),
    ...map.manual.map(({ pattern, why }) => `${pattern}: set it by hand; ${why}`),
  ]
}

function stepText({ do: verb, kind, id, before, after, why }: Step): string {
  const had = new Set(before?.topics)
  const has = new Set(after?.topics)
  const lacks = [...has].filter((topic) => !had.has(topic))
  const extra = after ? [...had].filter((topic) => !has.has(topic)) : []
  return [
    `${verb} ${kind}${id === undefined ? '' : ` ${id}`}: ${why}`,
    ...(lacks.length > 0 ? [`lacks ${lacks.join(', ')}`] : []),
    ...(extra.length > 0 ? [`has ${extra.join(', ')} in addition`] : []),
  ].join('; ')
}

function silent({ id, state }: EndpointStatus): string {
  return `${id}: the sender does not deliver there${state === 'active' ? '' : ` (${state})`}; turn it on again`
}
