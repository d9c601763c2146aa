/** The names in a string of names, as the files of `topics/` hold them. */
export function topicList(text: string): readonly string[] {
  return text.trim().split(/\s+/)
}
