// Asana's webhooks, as described at https://developers.asana.com/reference/webhooks.
import { load } from './description.ts'
import { startFake, type Fake, type FakeAnswer } from './fake.ts'
import { rowsOf } from './rows.ts'
import { bearer } from './schema.ts'

export const ASANA_TOKEN = '1/fake0123456789:fake0123456789fake'

export async function startAsana(): Promise<Fake & { readonly rows: any[] }> {
  let next = 1
  const error = (status: number, message: string): FakeAnswer => ({
    status,
    json: { errors: [{ message }] },
  })
  const { rows, one, removed, ...webhooks } = rowsOf(
    error(404, 'webhook: Unknown object'),
    'webhook_gid',
    ({ gid }) => gid,
  )
  const usual = { filters: [], active: true, last_failure_at: null }
  const add = (data: object): Record<string, any> =>
    webhooks.add({ ...usual, ...data, gid: String(next++) })
  add({
    resource: '34',
    target: 'https://stranger.example/hooks',
    filters: [{ resource_type: 'task', action: 'deleted' }],
  })
  const ruleOf = (filters: readonly any[] = []): string | undefined =>
    filters.some(
      ({ resource_type: type, action }) => !type || (action && !ACTIONS.includes(action)),
    )
      ? 'filters: unknown action'
      : undefined
  const fake = await startFake({
    description: load('asana'),
    reject: bearer(ASANA_TOKEN, { errors: [{ message: 'Not Authorized' }] }),
    invalid: (message) => error(400, message),
    routes: {
      'GET /webhooks': ({ query }) => {
        if (!query['workspace']) return error(400, 'workspace: Missing input')
        const size = Number(query['limit'] ?? 20)
        const from = Number(query['offset'] ?? 0)
        const data = rows
          .slice(from, from + size)
          .map((each) => ({ ...each, resource: { gid: each['resource'] } }))
        const more = from + size < rows.length
        return { json: { data, next_page: more ? { offset: String(from + size) } : null } }
      },
      'POST /webhooks': ({ body }) => {
        const problem = ruleOf(body.data.filters)
        if (problem !== undefined) return error(400, problem)
        const { target, resource } = body.data
        if (rows.some((each) => each['target'] === target && each['resource'] === resource))
          return error(403, 'Duplicated webhook')
        return { status: 201, json: { data: add(body.data) } }
      },
      'PUT /webhooks/{webhook_gid}': one((found, { body }) => {
        const problem = ruleOf(body.data.filters)
        return problem === undefined
          ? { json: { data: Object.assign(found, body.data) } }
          : error(400, problem)
      }),
      'DELETE /webhooks/{webhook_gid}': removed(() => ({ json: { data: {} } })),
    },
  })
  return { ...fake, rows }
}

const ACTIONS = ['added', 'changed', 'deleted', 'removed', 'undeleted']
