// Keeps the page itself on the phone, under one name for each version of its files. What people
// write is none of its business: that lies in IndexedDB and outlives every version.
"use strict";

const CACHE = "phone-{{ version }}";
const SHELL = "{{ shell }}";
const FILES = {{ files }};

async function keepAll() {
  const cache = await caches.open(CACHE);
  const shell = await fetch(SHELL, { cache: "no-cache", redirect: "manual" });
  if (!shell.ok) { throw new Error("not signed in: the page comes with the next sign-in"); }
  await cache.put(SHELL, shell);
  await cache.addAll(FILES.map(function (file) { return new Request(file, { cache: "no-cache" }); }));
  await self.skipWaiting(); // the page open now has all it needs; the next one is the new one
}

async function dropOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter(function (name) { return name.startsWith("phone-") && name !== CACHE; }).map(function (name) { return caches.delete(name); }));
  await self.clients.claim();
}

async function keptOr(request, name) {
  const cache = await caches.open(CACHE);
  return (await cache.match(name)) || fetch(request);
}

self.addEventListener("install", function (event) { event.waitUntil(keepAll()); });
self.addEventListener("activate", function (event) { event.waitUntil(dropOthers()); });
self.addEventListener("fetch", function (event) {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin) { return; }
  if (event.request.mode === "navigate" && address.pathname === SHELL) { event.respondWith(keptOr(event.request, SHELL)); }
  if (FILES.includes(address.pathname)) { event.respondWith(keptOr(event.request, address.pathname)); }
});
