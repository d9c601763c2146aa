// The live demo: an inbox in memory, receivers and the inspector in the page itself, which answers what its own script asks.
import { memoryInbox } from '../../core/src/index.ts'
import { readText, type InspectorReply } from '../../inspector/src/request.ts'
import { createInspector } from '../../inspector/src/inspector.ts'
import { openDay } from './day.ts'

// The first comes soon, so that the page is seen to live; the others as often as those of the day, so that its charts go on.
const FIRST = 3000
const EVERY = 30_000

// A browser holds a timer of 0 ms back for 4 ms.
const { port1, port2 } = new MessageChannel()
const turns: (() => void)[] = []
port1.addEventListener('message', () => turns.shift()?.())
port1.start()
Object.assign(globalThis, {
  setImmediate(act: () => void) {
    turns.push(act)
    port2.postMessage(0)
  },
})

const inbox = memoryInbox()
const day = openDay(inbox)
const inspecting = day.then(({ receivers }) =>
  createInspector({
    inbox,
    receivers,
    auth: () => ({ allow: ['replay', 'delete', 'rerun', 'mute'], as: 'you' }),
    name: 'shop',
    log: false,
  }),
)
const here = new URL('~/', location.href.replace(/[?#].*$/, ''))

// What the page asks of the app stays in the page: no request leaves it.
globalThis.fetch = async (input, init = {}) => {
  const { href, pathname, search } = new URL(input as string)
  if (!href.startsWith(here.href)) throw new TypeError('the demo asks nobody')
  const inspect = await inspecting
  const headers = new Headers(init.headers)
  const reply = await inspect({
    method: init.method ?? 'GET',
    target: pathname + search,
    // A browser says so of a request that leaves the page.
    header: (name) =>
      name === 'sec-fetch-site' ? 'same-origin' : (headers.get(name) ?? undefined),
    peer: undefined,
    isEncrypted: true,
    body: (most) => readText(new Response(init.body).body as never, most),
    own: [],
    isAnswered: () => false,
    canCompress: false,
  })
  init.signal?.throwIfAborted()
  const { status, headers: said, body } = reply as InspectorReply
  return new Response(body as BodyInit, { status, headers: said })
}

void day.then((opened) => {
  const sendOne = (): void => {
    if (!document.hidden) void opened.one()
  }
  setTimeout(sendOne, FIRST)
  setInterval(sendOne, EVERY)
})
