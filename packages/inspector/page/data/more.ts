import { useEffect, useState } from 'preact/hooks'
import type * as screens from '../more.tsx'
import { live } from './live.ts'
import { useStore } from './store.ts'

type More = typeof screens

const RETRY = 3000

let loading: Promise<More> | undefined

/** The screens that are not the first one, once they are here. What did not come is asked for again. */
export function useMore(): More | undefined {
  const [more, setMore] = useState<More | undefined>()
  const [tries, setTries] = useState(0)
  const { failure } = useStore(live)
  useEffect(() => {
    if (more !== undefined || failure !== undefined) return
    let timer: ReturnType<typeof setTimeout> | undefined
    loading ??= import('../more.tsx')
    loading.then(setMore, () => {
      loading = undefined
      timer = setTimeout(() => setTries(tries + 1), RETRY)
    })
    return () => clearTimeout(timer)
  }, [more, tries, failure])
  return more
}
