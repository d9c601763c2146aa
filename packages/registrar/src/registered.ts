import type { EndpointStatus, Plan, Registrar, Step, Want } from './registrar.ts'

/** The endpoints of one receiver at the sender. This object has no secret and can be printed as JSON. */
export interface Registered {
  readonly provider: string
  readonly account: string
  readonly url: string
  /** The endpoints with this URL, each with its state at the sender. */
  readonly endpoints: readonly EndpointStatus[]
  /** One sentence per difference from the wanted endpoints; empty if there is none. */
  readonly differs: readonly string[]
}

/**
 * Returns the endpoints of a receiver, and how they differ from the wanted endpoints. Changes nothing. Reads the
 * sender's list twice.
 *
 * @throws RegistrarError if the sender's API fails.
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

/** Returns the reason if no plan is possible, such as topics that the API does not support. */
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
