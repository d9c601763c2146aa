// A sender's API on a loopback port. Each request is checked against the sender's description before a route answers.
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as read } from 'node:stream/consumers'
import type { Description, Operation } from '../descriptions/description.ts'
import { createChecks, type Checks } from './checks.ts'
import { toObject } from './form.ts'

export interface FakeRequest {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, any>>
  /** The parsed JSON or form. Names with brackets have become objects and lists. */
  readonly body: any
  readonly headers: IncomingHttpHeaders
}

export interface FakeAnswer {
  /** @default 200 */
  readonly status?: number
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface FakeSpec {
  readonly description: Description
  /** Returns the answer to a rejected request. Undefined lets the request pass. */
  readonly reject: (
    headers: IncomingHttpHeaders,
    path: string,
    query: Readonly<Record<string, any>>,
  ) => FakeAnswer | undefined
  /** Routes by method and path, such as `GET /path/{name}`. */
  readonly routes: Readonly<Record<string, (request: FakeRequest) => FakeAnswer>>
  /** The answer to a request that the description does not allow. */
  readonly invalid: (reason: string) => FakeAnswer
  /**
   * Returns true if a request changes nothing.
   * @default true for the method GET
   */
  readonly reads?: (method: string, path: string, body: any) => boolean
  /**
   * Returns the part of the path that is compared with routes.
   * @default the whole path
   */
  readonly pathOf?: (path: string) => string
}

export interface Fake {
  readonly url: string
  readonly requests: readonly Seen[]
  /** Returns the number of requests that changed something. */
  changes(): number
  /** Violations of the description, by requests or by the fake's answers. */
  readonly problems: readonly string[]
  /** Answers the next request in place of its route. */
  interrupt(answer: FakeAnswer): void
  close(): Promise<void>
}

export interface Seen {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, any>>
  readonly body: any
}

export async function startFake(spec: FakeSpec): Promise<Fake> {
  const checks = createChecks(spec.description)
  const requests: Seen[] = []
  const problems: string[] = []
  const queue: FakeAnswer[] = []
  let changed = 0
  const reads = spec.reads ?? ((method) => method === 'GET')
  const server = createServer((request, response) => {
    void answer(request)
      .catch((error: unknown) => {
        problems.push(`the fake failed: ${String((error as Error).stack)}`)
        return { status: 500 } as FakeAnswer
      })
      .then(({ status = 200, json, headers = {} }) => {
        const type = json === undefined ? {} : { 'content-type': 'application/json' }
        response.writeHead(status, { ...type, ...headers })
        response.end(json === undefined ? undefined : JSON.stringify(json))
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    problems,
    changes: () => changed,
    interrupt: (next) => void queue.push(next),
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }

  async function answer(request: IncomingMessage): Promise<FakeAnswer> {
    const method = request.method ?? ''
    const url = new URL(request.url ?? '/', 'http://fake')
    const path = (spec.pathOf ?? ((each) => each))(url.pathname)
    const raw = await read(request)
    const isForm = request.headers['content-type']?.includes('form-urlencoded') === true
    const body = raw === '' ? undefined : isForm ? toObject(new URLSearchParams(raw)) : parse(raw)
    const query = toObject(url.searchParams)
    requests.push({ method, path, query, body })
    const next = queue.shift()
    if (next !== undefined) return next
    const rejected = spec.reject(request.headers, url.pathname, query)
    if (rejected !== undefined) return rejected
    const found = routeOf(spec, method, path)
    const operation = found && spec.description.operations[found.key]
    if (!found || !operation) {
      problems.push(`${method} ${path} is in no description`)
      return { status: 404, json: { message: 'Not Found' } }
    }
    const reason = requestProblem(checks, operation, { query, body, raw, isForm })
    if (reason !== undefined) {
      problems.push(`${found.key}: ${reason}`)
      return spec.invalid(reason)
    }
    const given = spec.routes[found.key]!({
      params: found.params,
      query,
      body,
      headers: request.headers,
    })
    const status = given.status ?? 200
    if (!reads(method, path, body) && status < 300) changed++
    const schema = operation.answers?.[status]
    const wrong = schema && checks.check(schema, given.json, false)
    if (wrong !== undefined) problems.push(`the answer to ${found.key}: ${wrong}`)
    return given
  }
}

function requestProblem(
  checks: Checks,
  operation: Operation,
  given: { query: object; body: unknown; raw: string; isForm: boolean },
): string | undefined {
  const query = operation.query && checks.check(operation.query, given.query, true)
  if (query !== undefined) return `query ${query}`
  if (operation.body === undefined)
    return given.raw === '' ? undefined : 'the operation has no body'
  if (given.raw !== '' && given.isForm !== (operation.form === true))
    return 'the media type is wrong'
  if (given.body === undefined && operation.form !== true) return undefined
  return checks.check(operation.body, given.body ?? {}, given.isForm)
}

/** Returns the matching route with the fewest parameters. */
function routeOf(
  spec: FakeSpec,
  method: string,
  path: string,
): { key: string; params: Record<string, string> } | undefined {
  const keys = Object.keys(spec.routes).filter((key) => key.startsWith(`${method} `))
  keys.sort((a, b) => a.split('{').length - b.split('{').length)
  for (const key of keys) {
    const template = key.slice(method.length + 1).replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`)
    const pattern = new RegExp(`^${template.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`)
    const groups = pattern.exec(path)?.groups
    if (groups || path === key.slice(method.length + 1)) {
      const params = Object.entries(groups ?? {}).map(([name, value]) => [
        name,
        decodeURIComponent(value),
      ])
      return { key, params: Object.fromEntries(params) as Record<string, string> }
    }
  }
  return undefined
}

function parse(raw: string): unknown {
  try {
    return JSON.parse(raw)
  } catch {
    return `not JSON: ${raw.slice(0, 40)}`
  }
}
