const NAME = "rerender.way"

// In the tab's own storage: it outlives the way to the provider and back, and no other tab is led by it.
export default function ({ data }) {
  try {
    if (data.remember) {
      sessionStorage.setItem(NAME, location.pathname + location.search)
    } else {
      const way = sessionStorage.getItem(NAME)
      sessionStorage.removeItem(NAME)
      if (way && way !== location.pathname + location.search) location.replace(new URL(way, location.origin))
    }
  } catch {} // a page in a sandbox may not keep anything
}
