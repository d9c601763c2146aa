import type { StatusReply, VersionReply } from '../src/api.ts'
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Progress } from './bulk/progress.tsx'
import { sayPolitely } from './data/announce.ts'
import { AskFailure, ask, signedOut } from './data/ask.ts'
import { useFocusOnWay } from './data/focus.ts'
import { useKeys } from './data/keys.ts'
import { useMore } from './data/more.ts'
import { startLive } from './data/live.ts'
import { go, href, useRoute } from './data/route.ts'
import { StatusContext } from './data/status.ts'
import { useStore } from './data/store.ts'
import { Health } from './health/health.tsx'
import { Failing } from './parts/failing.tsx'
import { Head } from './parts/head.tsx'
import { Said } from './parts/said.tsx'
import { SignedOut } from './parts/signed-out.tsx'
import { useMedia } from './parts/use-media.ts'
import { stopped } from './words/safe.ts'
import { clock, isUtc, setServerTime, setUtc, zone } from './words/time.ts'

/** The page. */
export function App(): JSX.Element {
  const [status, setStatus] = useState<StatusReply | undefined>()
  const [failure, setFailure] = useState<AskFailure | undefined>()
  const isOut = useStore(signedOut)
  const since = useRef(0)
  useEffect(() => {
    if (status !== undefined) return
    const load = (): void => {
      // The version first: what happens from now on is noticed.
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
      <p class="empty">postern is on its way …</p>
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
      <main id="main" tabIndex={-1} class={hasDetail ? 'with-detail' : undefined}>
        {/* Not in the list, which nobody reaches while a detail stands in its place. */}
        {screen === 'list' && <h1 class="unseen">Deliveries</h1>}
        {screen === 'health' && <Health />}
        {screen === 'list' && more && <more.List isHidden={hasDetail && !isBeside} />}
        {screen === 'actions' && more && <more.Actions />}
        {hasDetail && more && <more.Detail id={open} />}
      </main>
      <Progress />
      <Said />
      {hasHelp && more && <more.KeysHelp close={() => setHelp(false)} />}
    </>
  )
}
