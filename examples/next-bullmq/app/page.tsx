import type { ReactNode } from 'react'

export default function Page(): ReactNode {
  return <p>GitHub posts to /webhooks/github.</p>
}
