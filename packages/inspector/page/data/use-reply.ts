import { useEffect, useRef, useState } from 'preact/hooks'
import { AskFailure, ask, url, type Params } from './ask.ts'
import { live, reportFailure } from './live.ts'
import { useStore } from './store.ts'

interface ReplyState<T> {
  /**
   * The reply to the current question. With `keep`, this is the previous reply until the current question is answered.
   */
  readonly data: T | undefined
  /** True if the first reply takes so long that the page shows a skeleton. */
  readonly isSlow: boolean
  /** A failure that another try cannot fix: a wrong question, or a missing object. */
  readonly failure: AskFailure | undefined
}

const SKELETON_AFTER = 200

/**
 * Asks the server now, and again after each change of its data. With `keep`, the previous reply stays until the new one
 * arrives, so that the layout does not jump.
 */
export function useReply<T>(path: string, params: Params, keep = false): ReplyState<T> {
  const { version } = useStore(live)
  const question = url(path, params)
  const [state, setState] = useState<ReplyState<T> & { question: string }>({ question, ...NONE })
  const latest = useRef(question)
  latest.current = question

  useEffect(() => {
    if (path === '') return
    const stop = new AbortController()
    const late = setTimeout(
      () =>
        setState((old) => (old.question === question && old.data ? old : { ...old, isSlow: true })),
      SKELETON_AFTER,
    )
    ask<T>(path, params, stop.signal)
      .then(
        (data) => setState({ question, data, isSlow: false, failure: undefined }),
        (error: unknown) => {
          if (stop.signal.aborted || !(error instanceof AskFailure)) return
          if (error.passes) reportFailure(error)
          else setState({ question, ...NONE, failure: error })
        },
      )
      .finally(() => clearTimeout(late))
    return () => {
      clearTimeout(late)
      stop.abort()
    }
  }, [question, version])

  if (state.question === question || keep) return state
  return { ...NONE, isSlow: state.isSlow }
}

const NONE = { data: undefined, isSlow: false, failure: undefined }
