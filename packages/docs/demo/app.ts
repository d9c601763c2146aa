// The live demo: an inbox in memory, receivers and the inspector run in the page, and answer its requests.
import { memoryInbox } from '../../core/src/index.ts'
import { readText, type InspectorReply } from '../../inspector/src/request.ts'
import { createInspector } from '../../inspector/src/inspector.ts'
import { openDay } from './day.ts'

// Milliseconds. The first delivery comes soon, and the others as often as those of the day, so that charts continue.
const FIRST = 3000
const EVERY = 30_000

// A timer of 0 ms takes 4 ms in a browser.
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

// The page's requests to the app are answered here. None leaves the page.
globalThis.fetch = async (input, init = {}) => {
  const { href, pathname, search } = new URL(input as string)
  if (!href.startsWith(here.href)) throw new TypeError('the demo asks nobody')
  const inspect = await inspecting
  const headers = new Headers(init.headers)
  const reply = await inspect({
    method: init.method ?? 'GET',
    target: pathname + search,
    // A browser sends this header with a request of the page.
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
