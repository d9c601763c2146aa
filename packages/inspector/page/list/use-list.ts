import type { ListReply } from '../../src/api/list.ts'
import { useEffect, useRef, useState } from 'preact/hooks'
import { sayPolitely } from '../data/announce.ts'
import { AskFailure, ask } from '../data/ask.ts'
import { live, reportFailure } from '../data/live.ts'
import { useStore } from '../data/store.ts'
import { shownFields } from '../data/stored.ts'
import { counted } from '../words/count.ts'
import { PAGE, first, more, newest, newShown, updated, type Loaded } from './loaded.ts'

const SKELETON_AFTER = 200

/** The list of one search, live. */
export interface List {
  readonly loaded: Loaded | undefined
  /** The last reply, for its members other than `rows`. */
  readonly reply: ListReply | undefined
  readonly isSlow: boolean
  readonly isLoadingMore: boolean
  readonly failure: AskFailure | undefined
  readonly loadMore: () => void
  readonly showNew: () => void
}

interface State {
  readonly question: string
  readonly loaded: Loaded | undefined
  readonly reply: ListReply | undefined
  readonly isSlow: boolean
  readonly failure: AskFailure | undefined
}

/**
 * Loads a list and keeps it current. `place` returns the first visible row, and whether rows must stay where they are.
 */
export function useList(
  q: string,
  receiver: string,
  place: () => { readonly isStill: boolean; readonly top: number },
): List {
  const { version } = useStore(live)
  const fields = useStore(shownFields)
  const shown = fields.length === 0 ? undefined : JSON.stringify(fields)
  const question = `${receiver} ${q} ${shown ?? ''}`
  const [state, setState] = useState<State>({ ...NONE, question })
  const [isLoadingMore, setLoadingMore] = useState(false)
  const current = useRef(state)
  current.current = state
  const change = (changed: (loaded: Loaded) => Loaded): void =>
    setState((old) => (old.loaded ? { ...old, loaded: changed(old.loaded) } : old))
  const fetchPage = (cursor: string | undefined, signal?: AbortSignal): Promise<ListReply> =>
    ask<ListReply>('list', { q, receiver, limit: PAGE, cursor, fields: shown }, signal)

  useEffect(() => {
    const stop = new AbortController()
    const isNewQuestion = current.current.question !== question || !current.current.loaded
    const late = setTimeout(() => {
      if (isNewQuestion) setState((old) => ({ ...old, isSlow: true }))
    }, SKELETON_AFTER)
    fetchPage(undefined, stop.signal)
      .then((reply) => {
        setState((old) => {
          if (old.question !== question || old.loaded === undefined)
            return { question, loaded: first(reply), reply, isSlow: false, failure: undefined }
          const loaded = newest(old.loaded, reply, place().isStill)
          if (loaded.fresh > old.loaded.fresh) sayPolitely(`${counted(loaded.fresh, 'new row')}`)
          return { ...old, loaded, reply, isSlow: false, failure: undefined }
        })
        if (!isNewQuestion) return refreshSeen(stop.signal)
      })
      .catch((error: unknown) => {
        if (stop.signal.aborted || !(error instanceof AskFailure)) return
        if (error.passes) reportFailure(error)
        else setState({ ...NONE, question, failure: error })
      })
      .finally(() => clearTimeout(late))
    return () => {
      clearTimeout(late)
      stop.abort()
    }
  }, [question, version])

  /** Fetches the visible page again, since older rows can change too. */
  const refreshSeen = async (signal: AbortSignal): Promise<void> => {
    const { loaded } = current.current
    const { top } = place()
    if (loaded === undefined || top < PAGE) return
    const places = new Map(loaded.rows.map(({ id }, at) => [id, at]))
    const page = loaded.pages.findLast((one) => (places.get(one.first) ?? Infinity) <= top)
    if (page === undefined) return
    const reply = await fetchPage(page.cursor, signal)
    change((old) => updated(old, reply.rows))
  }

  const loadMore = async (): Promise<void> => {
    const cursor = current.current.loaded?.cursor
    if (cursor === undefined || isLoadingMore) return
    setLoadingMore(true)
    try {
      const reply = await fetchPage(cursor)
      if (current.current.question === question) change((old) => more(old, cursor, reply))
    } catch (error) {
      if (error instanceof AskFailure) reportFailure(error)
    }
    setLoadingMore(false)
  }

  const isSame = state.question === question
  return {
    // The rows of the earlier search stay until the new ones arrive.
    loaded: state.loaded,
    reply: state.reply,
    isSlow: state.isSlow && !isSame,
    failure: state.failure,
    isLoadingMore,
    loadMore: () => void loadMore(),
    showNew: () => change(newShown),
  }
}

const NONE = { loaded: undefined, reply: undefined, isSlow: false, failure: undefined }
