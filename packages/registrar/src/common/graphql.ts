import { RegistrarError } from '../errors.ts'
import type { ApiAnswer, ApiCall, ApiFault } from './client.ts'
import { row, rows, asText, texts, type Fields } from './read.ts'
import type { SourcePage } from './paging.ts'

/** Returns the field `member` of the answer's data. */
export type Ask = (query: string, variables: Fields, member: string) => Promise<Fields>

/** Creates the function that sends queries. It throws `invalid` if the result of a mutation has `userErrors`. */
export function graphqlClient(call: ApiCall, path: string): Ask {
  return async (query, variables, member) => {
    const mutation = query.startsWith('mutation')
    const json = { query, variables }
    const answer = await call('POST', path, { json, repeatable: !mutation })
    const found = row(row(row(answer.json)['data'])[member])
    const wrong = found['userErrors'] === undefined ? [] : rows(found['userErrors'], member)
    if (wrong.length > 0)
      throw new RegistrarError('invalid', `${member}: ${wrong.map(said).join('; ')}`)
    return found
  }
}

/**
 * Returns the error in an answer. `codes` has the sender's error codes for a wrong token (`denied`) and for an exceeded
 * limit (`limited`).
 */
export function judgeGraphql(
  answer: ApiAnswer,
  codes: { readonly denied: readonly string[]; readonly limited: readonly string[] },
  wait: (answer: ApiAnswer) => number,
): ApiFault | undefined {
  const errors = row(answer.json)['errors']
  if (!Array.isArray(errors) || errors.length === 0) return undefined
  const found = errors.flatMap((error) => {
    const { code, type } = row(row(error)['extensions'])
    return [asText(code), asText(type)]
  })
  const reason = errors.map(said).join('; ')
  if (found.some((code) => codes.limited.includes(code)))
    return { code: 'rate_limited', reason, wait: wait(answer) }
  return {
    code: found.some((code) => codes.denied.includes(code)) ? 'unauthorized' : 'invalid',
    reason,
  }
}

function said(error: unknown): string {
  const { field, message } = row(error)
  return [...(field === undefined ? [] : [texts(field).join('.')]), asText(message)].join(': ')
}

export function connectionPage(connection: Fields, sender: string): SourcePage<Fields> {
  const { hasNextPage, endCursor } = row(connection['pageInfo'])
  const next = hasNextPage === true ? asText(endCursor) : undefined
  return { items: rows(connection['nodes'], sender), next }
}
