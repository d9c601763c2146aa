/** Next.js calls this function once, before the first request. */
export async function register(): Promise<void> {
  // Next.js also compiles this file for its edge runtime. Next.js handles signals itself unless NEXT_MANUAL_SIG_HANDLE is
  // set.
  if (process.env['NEXT_RUNTIME'] !== 'nodejs' || !process.env['NEXT_MANUAL_SIG_HANDLE']) return
  const { closeOnSignal } = await import('@postern/node')
  const { inbox, receiver } = await import('./webhooks/receiver')
  closeOnSignal({ receivers: [receiver], inboxes: [inbox] })
}
