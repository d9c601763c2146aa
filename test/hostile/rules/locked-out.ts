import type { RuleCase, RulePart } from './rule.ts'
import { places, type Place } from './pages/opened.ts'

const token = 'a token of rule three'
const basic = { ada: 'a password of rule three' }
const WRONG = 60
const RIGHT = 10

interface Flood {
  readonly auth: { readonly token: string } | { readonly basic: Record<string, string> }
  readonly wrong: (url: string) => Promise<Response>
  readonly right: (url: string) => Promise<Response>
  readonly rejected: readonly number[]
}

const api = (url: string, headers: Record<string, string>): Promise<Response> =>
  fetch(`${url}/~/api/version`, { headers })
const form = (
  url: string,
  given: string,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers,
    body: new URLSearchParams({ token: given }),
    redirect: 'manual',
  })
const basicOf = (name: string, secret: string) => ({
  authorization: `Basic ${btoa(`${name}:${secret}`)}`,
})
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })

const FLOODS: Readonly<Record<string, Flood>> = {
  'wrong Bearers': {
    auth: { token },
    wrong: (url) => api(url, bearer('wrong')),
    right: (url) => api(url, bearer(token)),
    rejected: [401, 429],
  },
  'wrong tokens of the form': {
    auth: { token },
    wrong: (url) => form(url, 'wrong'),
    right: (url) => form(url, token),
    rejected: [401, 429],
  },
  'wrong passwords': {
    auth: { basic },
    wrong: (url) => api(url, basicOf('ada', 'wrong')),
    right: (url) => api(url, basicOf('ada', basic.ada)),
    rejected: [401, 429],
  },
  'unknown names': {
    auth: { basic },
    wrong: (url) => api(url, basicOf('__proto__', 'x')),
    right: (url) => api(url, basicOf('ada', basic.ada)),
    rejected: [401, 429],
  },
  'forms of a page of another site': {
    auth: { token },
    wrong: (url) => form(url, 'wrong', { 'sec-fetch-site': 'cross-site' }),
    right: (url) => form(url, token),
    rejected: [403],
  },
}

export const lockedOut: RulePart = {
  rule: '3a',
  title: 'owners are never locked out',
  async open(inboxes) {
    const { all, close } = await places(inboxes)
    const cases = all.flatMap((place) =>
      Object.entries(FLOODS).map(([name, flood]): RuleCase => ({
        name: `${WRONG} ${name} at once`,
        at: place.host,
        inbox: place.name,
        run: () => played(place, flood),
      })),
    )
    return { cases, together: 8, close }
  },
}

async function played(place: Place, flood: Flood): Promise<string | undefined> {
  const { url } = await place.open({ auth: flood.auth })
  const statusOf = async (sent: Promise<Response>): Promise<number> => {
    const reply = await sent
    await reply.body?.cancel()
    return reply.status
  }
  const wrong = Promise.all(Array.from({ length: WRONG }, () => statusOf(flood.wrong(url))))
  for (let n = 0; n < RIGHT; n++) {
    const status = await statusOf(flood.right(url))
    if (status !== 200 && status !== 303) return `the right one got ${status} during the flood`
  }
  const others = (await wrong).filter((status) => !flood.rejected.includes(status))
  if (others.length > 0) return `wrong ones got ${others.join(', ')}`
  const after = await statusOf(flood.right(url))
  return after === 200 || after === 303 ? undefined : `the right one got ${after} after the flood`
}
