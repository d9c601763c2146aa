import { render, type JSX } from 'preact'
import { Button, QuietButton } from './parts/button.tsx'
import { takeKeys, useKeys } from './data/keys.ts'
import { followLinks, go, href, useRoute, linkLeftBy, type PageRoute } from './data/route.ts'
import './style/style.css'
import type { StatusReply, VersionReply } from '../src/api.ts'
import { useEffect, useRef, useState } from 'preact/hooks'
import { sayPolitely, said } from './data/announce.ts'
import { AskFailure, ask, signedOut } from './data/ask.ts'
import { startLive, live } from './data/live.ts'
import { StatusContext } from './data/status.ts'
import { useStore } from './data/store.ts'
import { Health } from './health/health.tsx'
import { Head } from './parts/head.tsx'
import { Splitter, firstShare } from './parts/splitter.tsx'
import { useMedia } from './parts/use-media.ts'
import { stopped } from './words/safe.ts'
import { clock, isUtc, setServerTime, setUtc, zone, now } from './words/time.ts'
import type * as screens from './more.tsx'
import { duration } from './words/duration.ts'
import { job, stopJob, type BulkJob } from './data/bulk.ts'
import type { EndsReply } from '../src/api/actions.ts'
import { count, counted } from './words/count.ts'

function App(): JSX.Element {
  const [status, setStatus] = useState<StatusReply | undefined>()
  const [failure, setFailure] = useState<AskFailure | undefined>()
  const isOut = useStore(signedOut)
  const since = useRef(0)
  useEffect(() => {
    if (status !== undefined) return
    const load = (): void => {
      // The version is fetched before all other data, so that later changes are noticed.
      Promise.all([ask<StatusReply>('status'), ask<VersionReply>('version')]).then(
        ([reply, { version }]) => {
          setServerTime(reply.now)
          startLive(version)
          setStatus(reply)
          setFailure(undefined)
        },
        (error: unknown) => {
          if (!(error instanceof AskFailure)) return
          since.current ||= Date.now()
          setFailure(error)
        },
      )
    }
    load()
    const timer = setInterval(load, 5000)
    return () => clearInterval(timer)
  }, [status])

  if (isOut) return <SignedOut />
  if (status === undefined)
    return failure === undefined ? (
      <p class="empty">Loading…</p>
    ) : (
      <main class="whole">
        <h1>
          {failure.status === 0
            ? 'The app does not answer.'
            : failure.status >= 500
              ? 'The inbox does not answer.'
              : 'The page cannot be shown.'}
        </h1>
        <p>
          {failure.status !== 0 && `${stopped(failure.message)} `}Since {clock(since.current)}. The
          page tries again every 5 s.
        </p>
      </main>
    )
  return (
    <StatusContext.Provider value={status}>
      <Screens />
    </StatusContext.Provider>
  )
}

function Screens(): JSX.Element {
  const { screen, open } = useRoute()
  const [utc, setShownUtc] = useState(isUtc)
  const [hasHelp, setHelp] = useState(false)
  const more = useMore()
  const isBeside = useMedia('(min-width: 1100px)')
  const [share, setShare] = useState(firstShare)
  useFocusOnWay()
  const turnUtc = (): void => {
    setUtc(!utc)
    setShownUtc(!utc)
    sayPolitely(utc ? `Times in your zone, ${zone()}` : 'Times in UTC')
  }
  useKeys({
    'g h': () => go(href({})),
    'g l': () => go(href({ screen: 'list' })),
    'g a': () => go(href({ screen: 'actions' })),
    u: turnUtc,
    '?': () => setHelp(true),
  })
  const hasDetail = screen === 'list' && open !== '' && open !== 'first'
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Head isUtc={utc} turnUtc={turnUtc} help={() => setHelp(true)} />
      <Failing />
      <main
        id="main"
        tabIndex={-1}
        class={hasDetail ? 'with-detail' : undefined}
        style={{ '--share': `${share}%` }}
      >
        {/* On a narrow window, the detail covers the list. Screen readers must still find this heading. */}
        {screen === 'list' && <h1 class="unseen">Deliveries</h1>}
        {screen === 'health' && <Health />}
        {screen === 'list' && more && <more.List isHidden={hasDetail && !isBeside} />}
        {screen === 'actions' && more && <more.Actions />}
        {hasDetail && more && isBeside && <Splitter share={share} change={setShare} />}
        {hasDetail && more && <more.Detail id={open} />}
      </main>
      <Progress />
      <Said />
      {hasHelp && more && <more.KeysHelp close={() => setHelp(false)} />}
    </>
  )
}

/** A live region: screen readers read its text when it changes. */
function Said(): JSX.Element {
  const { text, isShown } = useStore(said)
  return (
    <div class={isShown ? 'note' : 'unseen'} role="status" aria-live="polite">
      {text}
    </div>
  )
}

/** The session has ended. Loading the document again leads to the sign-in. */
function SignedOut(): JSX.Element {
  return (
    <main class="whole">
      <h1>You are signed out.</h1>
      <p>
        <Button class="main" onClick={() => location.reload()}>
          Sign in
        </Button>
      </p>
    </main>
  )
}

type More = typeof screens

const RETRY = 3000

let loading: Promise<More> | undefined

/** Loads the other screens, and tries again after a failure. */
function useMore(): More | undefined {
  const [more, setMore] = useState<More | undefined>()
  const [tries, setTries] = useState(0)
  const { failure } = useStore(live)
  useEffect(() => {
    if (more !== undefined || failure !== undefined) return
    let timer: ReturnType<typeof setTimeout> | undefined
    loading ??= import('./more.tsx')
    loading.then(setMore, () => {
      loading = undefined
      timer = setTimeout(() => setTries(tries + 1), RETRY)
    })
    return () => clearTimeout(timer)
  }, [more, tries, failure])
  return more
}

/** An alert: what failed, since when, what still works, and when the page tries again. */
function Failing(): JSX.Element | null {
  const { failure } = useStore(live)
  const time = useSeconds(failure !== undefined)
  if (failure === undefined) return null
  const inbox = failure.status >= 500
  const next = Math.max(0, Math.ceil((failure.next - time) / 1000))
  return (
    <div class="failing" role="alert">
      <strong>
        {inbox || failure.status === 429 ? stopped(failure.message) : 'The app does not answer.'}{' '}
        Since {clock(failure.since)}
        <span aria-hidden="true">, for {duration(Math.max(1000, time - failure.since))}</span>.
      </strong>{' '}
      {inbox
        ? 'Deliveries that the inbox cannot accept are rejected with 503, and their senders try again.'
        : 'This page shows older data.'}{' '}
      <span aria-hidden="true">{next > 0 ? `Next update in ${next} s.` : 'Looking now.'}</span>
    </div>
  )
}

/** Returns the current time. While `isNeeded`, the component is rendered again each second. */
function useSeconds(isNeeded: boolean): number {
  const [time, setTime] = useState(now)
  useEffect(() => {
    if (!isNeeded) return
    setTime(now())
    const timer = setInterval(() => setTime(now()), 1000)
    return () => clearInterval(timer)
  }, [isNeeded])
  return time
}

// Maximum wait until the page shows the followed link again, in milliseconds.
const WAIT = 3000

/**
 * Moves the focus if a step to another view removed the focused element. After a step back, the link that was followed
 * gets the focus. After closing a detail, its row gets the focus. Otherwise the open detail or the main part gets the
 * focus.
 */
function useFocusOnWay(): void {
  const route = useRoute()
  const last = useRef(route)
  useEffect(() => {
    const before = last.current
    last.current = route
    if (before === route) return
    let watch: MutationObserver | undefined
    const stop = (): void => watch?.disconnect()
    const timer = setTimeout(stop, WAIT)
    // The new view is drawn in the second frame.
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => {
        if (!isLost() || found(before, route)) return
        const main = document.querySelector('main')
        main?.focus({ preventScroll: true })
        watch = new MutationObserver(() => {
          if (document.activeElement !== main || found(before, route)) stop()
        })
        if (main) watch.observe(main, { childList: true, subtree: true })
      })
    })
    return () => {
      stop()
      clearTimeout(timer)
      cancelAnimationFrame(frame)
    }
  }, [route])
}

function isLost(): boolean {
  return [null, document.body, document.querySelector('main')].includes(
    document.activeElement as HTMLElement | null,
  )
}

function found(before: PageRoute, { screen, open }: PageRoute): boolean {
  const left = linkLeftBy()
  const element =
    [...document.querySelectorAll('main a')].find((one) => one.getAttribute('href') === left) ??
    (open === '' && before.open !== ''
      ? document.querySelector(`[data-id="${CSS.escape(before.open)}"] a`)
      : screen === 'list' && open !== ''
        ? document.querySelector('.detail')
        : undefined)
  if (!(element instanceof HTMLElement)) return false
  element.focus({ preventScroll: true })
  return document.activeElement === element
}

/** The progress of a change of many tasks. Every screen shows the progress until the reader closes it. */
function Progress(): JSX.Element | null {
  const state = useStore(job)
  if (state === undefined) return null
  return (
    <section class="progress" aria-label="Change of many tasks">
      <progress
        max={state.ends ? state.ends.of : state.total}
        value={state.ends ? state.ends.of - state.ends.waiting : state.done}
        aria-label={state.ends ? 'Tasks that have ended' : 'Tasks changed'}
      />
      <p role="status">
        {inWords(state)}
        {state.ends && <Ends state={state} ends={state.ends} />}
      </p>
      {state.phase === 'running' ? (
        <Button onClick={stopJob}>Stop</Button>
      ) : (
        <QuietButton onClick={() => job.set(undefined)}>Close</QuietButton>
      )}
    </section>
  )
}

/** Counts of the tasks of an action by their state now. Each count links to its tasks. */
function Ends({ state, ends }: { state: BulkJob; ends: EndsReply }): JSX.Element {
  const to = (rest: string): string =>
    href({ screen: 'list', receiver: '', q: `action:${state.action}${rest}` })
  const { done, dead, waiting, same, gone } = ends
  const isSame = dead > 0 && same === dead
  const parts = [
    { of: done, words: 'done', link: to(' state:done') },
    { of: waiting, words: 'waiting', link: to(' state:pending') },
    { of: dead, words: `dead again${isSame ? ', same error' : ''}`, link: to(' state:dead') },
    { of: gone, words: 'no longer kept', link: to('') },
  ]
  return (
    <>
      {' '}
      <a href={to('')}>{count(ends.of)} queued</a>
      {parts
        .filter(({ of }) => of > 0)
        .map(({ of, words, link }) => (
          <span key={words}>
            {' · '}
            <a href={link}>
              {count(of)} {words}
            </a>
          </span>
        ))}
      {same !== undefined && same > 0 && !isSame && `, ${count(same)} of them with the same error`}
    </>
  )
}

function inWords({ what, phase, done, total, rate, message }: BulkJob): string {
  const verb = what === 'replay' ? 'set to run again' : 'deleted'
  const sum = `${count(done)} of ${counted(total, 'task')} ${verb}`
  if (phase === 'finished')
    return done === total
      ? `${counted(done, 'task')} ${verb}.`
      : `${sum}; the others had changed before.`
  if (phase === 'stopped') return `Stopped. ${sum}, the rest is as it was.`
  if (phase === 'failed') return `${message} ${sum}, the rest is as it was.`
  const left =
    rate > 0 && total > done ? `, about ${duration(((total - done) / rate) * 1000)} left` : ''
  return `${sum}${left}. Leaving this page stops it.`
}

// Removes the key from the address, so that the key does not stay in the history. The sign-in page also removes the
// key, but a reader who is already signed in does not see that page.
if (location.hash.startsWith('#key='))
  history.replaceState(history.state, '', location.pathname + location.search)
document.addEventListener('click', followLinks)
document.addEventListener('keydown', takeKeys)
const page = document.querySelector('#page')!
page.textContent = ''
render(<App />, page)
