import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { mission } from './lib/mission.svelte';

const target = document.getElementById('app');
if (target) {
  mission.start();
  mount(App, { target });
}
