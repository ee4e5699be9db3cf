let timer

// A word that the browser holds is never replaced: another tab may have brought it a moment ago.
export default function ({ data, setTriggerValue }) {
  const kept = read(data.cookie)
  write(data, kept || data.word)
  const answer = () => {
    const held = read(data.cookie)
    if (held !== data.held) setTriggerValue("answer", { held })
  }
  answer()
  // Once more, because of two tabs that found nothing at the same instant the later one has written over the other.
  clearTimeout(timer)
  timer = setTimeout(answer, 500)
  return () => clearTimeout(timer)
}

function read(name) {
  try {
    return document.cookie.match(new RegExp(`(?:^|; )${name}=([0-9a-f]{32})(?:;|$)`))?.[1] ?? ""
  } catch {
    return "" // a page in a sandbox may not even ask
  }
}

function write({ cookie, path, seconds }, word) {
  const secure = location.protocol === "https:" ? "; Secure" : ""
  try {
    document.cookie = `${cookie}=${word}; Path=${path}; Max-Age=${seconds}; SameSite=Strict${secure}`
  } catch {}
}
